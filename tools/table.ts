/** A table in Markdown. Line breaks and bars in cells are the caller's, bars are escaped. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n').replace(/ {2,}\|/g, ' |')
}

export function code(text: string): string {
  return `\`${text}\``
}
