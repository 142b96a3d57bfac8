/** How much room texts take as the flow picture writes them, so that none runs into another. */

/** Size of the picture's labels in pixels; frame.css says the same. */
const SIZE = 13

let canvas: CanvasRenderingContext2D | null | undefined
/** Asked for once: each question would make the browser work out all styles anew. */
let family = ''

/** Width of a text in pixels. */
export function widthOf(text: string, weight: 400 | 600 = 400): number {
  canvas ??= document.createElement('canvas').getContext('2d')
  if (!canvas) return text.length * SIZE
  family ||= getComputedStyle(document.body).fontFamily
  canvas.font = `${weight} ${SIZE}px ${family}`
  return canvas.measureText(text).width
}

/** A text, or as much of its beginning as there is room for. */
export function fitText(text: string, room: number): string {
  if (widthOf(text) <= room) return text
  let fits = 0
  let breaks = text.length
  while (breaks - fits > 1) {
    const middle = Math.floor((fits + breaks) / 2)
    if (widthOf(`${text.slice(0, middle)}…`) <= room) fits = middle
    else breaks = middle
  }
  return `${text.slice(0, fits)}…`
}
