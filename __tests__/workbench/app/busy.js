/** Lets SIGUSR2 keep the workbench busy for a second, so that it hears no other signal in that time. */
const { writeSync } = require('fs')

process.on('SIGUSR2', () => {
  if (!process.argv[1].endsWith('main.ts')) return
  writeSync(1, 'busy')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
})
