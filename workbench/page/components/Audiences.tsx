export function Audiences() {
  return null
}
