// Neither comes with types.
declare module 'react-native-web' {
  import type { ComponentType } from 'react'
  export const View: ComponentType
}

declare module 'react-test-renderer' {
  import type { ReactElement } from 'react'

  interface Instance {
    props: { title?: string; onPress(): void }
  }
  export interface ReactTestRenderer {
    root: { findAll(predicate: (instance: Instance) => boolean): Instance[] }
    toJSON(): unknown
  }
  export function act(doing: () => Promise<void>): Promise<void>
  export function create(element: ReactElement): ReactTestRenderer
}
