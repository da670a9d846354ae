/** What native modules do on a phone, in memory. */
export { View as SafeAreaView } from 'react-native-web'

const entries = new Map<string, string>()

export default {
  getItem: async (key: string): Promise<string | null> => entries.get(key) ?? null,
  setItem: async (key: string, value: string): Promise<void> => void entries.set(key, value),
  removeItem: async (key: string): Promise<void> => void entries.delete(key),
}
