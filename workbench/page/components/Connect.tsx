import { snippetsFor } from '../snippets'
import { CopyButton } from './controls'

export function Connect() {
  // The page comes from the workbench, so this is its address under the name that the reader uses.
  const snippets = snippetsFor(location.origin)
  return (
    <>
      <h2>Connect an app</h2>
      <p class="hint">
        Point your app to this workbench while you develop, and its calls show under Deliveries. In production it needs
        Segment's own address and your source's write key again.
      </p>
      <div class="snippets">
        {snippets.map(({ title, text, code }) => (
          <section key={title} class="snippet" aria-label={title}>
            <div class="snippet-head">
              <h3>{title}</h3>
              <CopyButton text={code} what={`the ${title} snippet`}>
                Copy <span class="unseen">the {title} snippet</span>
              </CopyButton>
            </div>
            <p class="hint">{text}</p>
            <pre role="region" aria-label={`${title} snippet`} tabIndex={0}>
              {code}
            </pre>
          </section>
        ))}
      </div>
    </>
  )
}
