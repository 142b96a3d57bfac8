import { snippetsFor } from '../snippets'
import { Card, CopyButton } from './controls'

export function Connect() {
  // The page comes from the workbench, so this is its address under the name that the reader uses.
  const snippets = snippetsFor(location.origin)
  return (
    <div class="stack">
      <Card title="Connect an app">
        <p class="hint">
          Point your app to this workbench while you develop, and its calls show under Deliveries. In production it
          needs Segment's own address and your source's write key again.
        </p>
      </Card>
      <div class="snippets">
        {snippets.map(({ title, text, code }) => (
          <Card
            key={title}
            title={title}
            actions={
              <CopyButton text={code} what={`the ${title} snippet`}>
                Copy <span class="unseen">the {title} snippet</span>
              </CopyButton>
            }
          >
            <p class="hint">{text}</p>
            <pre class="snippet" role="region" aria-label={`${title} snippet`} tabIndex={0}>
              {code}
            </pre>
          </Card>
        ))}
      </div>
    </div>
  )
}
