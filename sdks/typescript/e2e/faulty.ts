import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inject } from 'vitest'

/** Stands in front of the real server and fails as it is told. */
export class Faulty {
  /** Methods of the requests that came. */
  readonly methods: (string | undefined)[] = []
  fault: RequestListener | undefined
  url = ''
  private readonly server: Server = createServer((request, response) => {
    this.methods.push(request.method)
    if (this.fault) return void this.fault(request, response)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const body = Buffer.concat(chunks)
      const answer = await fetch(`${inject('server').url}${request.url}`, { method: 'POST', body })
      response
        .writeHead(answer.status, { 'access-control-allow-origin': '*' })
        .end(await answer.text())
    })
  })

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
    return this
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
