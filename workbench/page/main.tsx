import { render } from 'preact'
import { App } from './components/App'
import { followServer } from './live'
import './styles/page.css'

const root = document.getElementById('app')
if (root) {
  followServer()
  render(<App />, root)
}
