export function Metadata() {
  return null
}
