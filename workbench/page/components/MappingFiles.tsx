import { useRef, useState } from 'preact/hooks'
import { changeMappings, importMapping } from '../api'
import { count } from '../format'
import { rereadMappings } from '../live'
import { defaultsOf, differences, readFile, saveAs, toFile, writeFile } from '../mappingFile'
import type { ReadFile } from '../mappingFile'
import { goTo } from '../route'
import { announce } from '../store'
import type { FieldInfo, Mapping, MappingList } from '../../shared/types'
import { Button, CopyButton, Problem } from './controls'
import { useTask } from './hooks'
import { LongText } from './JsonView'

/** All mappings as a file, and a file in the place of one or of all. */
export function MappingFiles({ list: { mappings } }: { list: MappingList }) {
  const task = useTask()
  const input = useRef<HTMLInputElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)
  const [wanted, setWanted] = useState<ReadFile | null>(null)
  const exportAll = () => {
    saveAs('mappings.json', writeFile({ mappings: mappings.map(toFile) }))
    announce(`Exported ${count(mappings.length, 'mapping')} to mappings.json.`)
  }
  const choose = async (file: File | undefined) => {
    if (!file) return
    setWanted(readFile(await file.text()))
    dialog.current?.showModal()
  }
  const confirm = async () => {
    dialog.current?.close()
    if (wanted?.kind === 'one') await importMapping(wanted.preset, wanted.file)
    if (wanted?.kind === 'all') await changeMappings(wanted.files)
    await rereadMappings()
    announce(wanted?.kind === 'one' ? `Imported ${wanted.preset}.` : 'Imported all mappings.')
    if (wanted?.kind === 'one') goTo('mappings', wanted.preset)
  }
  return (
    <>
      <div class="actions">
        <Button onPress={exportAll}>Export all</Button>
        <Button onPress={() => input.current?.click()}>Import…</Button>
        <input
          ref={input}
          type="file"
          class="unseen"
          tabIndex={-1}
          aria-label="File with mappings"
          accept=".json,application/json"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0]
            task.run(() => choose(file))
            // The same file can be chosen again.
            currentTarget.value = ''
          }}
        />
      </div>
      <Problem text={task.error} />
      <dialog ref={dialog} aria-labelledby="import-title">
        <h2 id="import-title">{wanted?.kind === 'one' ? `Import ${wanted.preset}?` : 'Import all mappings?'}</h2>
        <p>{wanted && whatImportDoes(wanted, mappings)}</p>
        <div class="actions">
          <Button onPress={() => dialog.current?.close()}>Cancel</Button>
          <Button kind="primary" onPress={() => task.run(confirm)}>
            Import
          </Button>
        </div>
      </dialog>
    </>
  )
}

function whatImportDoes(wanted: ReadFile, mappings: Mapping[]): string {
  if (wanted.kind === 'one') {
    return mappings.some(({ preset }) => preset === wanted.preset)
      ? 'The mapping of this name takes its trigger and its fields from the file.'
      : 'There is no mapping of this name yet, so it is added.'
  }
  const { length } = wanted.files
  return (
    `${count(length, 'mapping')} of the file ${
      length === 1 ? 'takes' : 'take'
    } the place of all that there are. Presets ` +
    'that it does not name go back to their defaults, and added mappings that it does not name are removed.'
  )
}

/** One mapping as a file. */
export function MappingFileActions({ mapping }: { mapping: Mapping }) {
  const text = () => writeFile(toFile(mapping))
  const save = () => {
    saveAs(`${mapping.preset}.json`, text())
    announce(`Exported ${mapping.preset}.`)
  }
  return (
    <>
      <CopyButton kind="quiet" text={text} what="the mapping as JSON">
        Copy JSON
      </CopyButton>
      <Button kind="quiet" onPress={save}>
        Export
      </Button>
    </>
  )
}

interface DifferencesProps {
  /** The mapping as it is in the form. */
  mapping: Mapping
  fields: FieldInfo[]
  list: MappingList
}

/** What differs from the defaults, for whoever reviews it. */
export function Differences({ mapping, fields, list }: DifferencesProps) {
  const found = differences(defaultsOf(mapping, fields, list), mapping)
  if (!found.length) return <p class="hint">The same as the defaults.</p>
  return (
    <details class="entry">
      <summary>{count(found.length, 'difference')} to the defaults</summary>
      <dl class="values">
        {found.map(({ key, before, after }) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd class="value">
              {before ? (
                <del>
                  <LongText text={before} limit={120} />
                </del>
              ) : (
                <em>nothing</em>
              )}{' '}
              <span aria-hidden="true">→</span> {after ? <LongText text={after} limit={120} /> : <em>nothing</em>}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
