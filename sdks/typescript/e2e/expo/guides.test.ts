import { expect, test } from 'vitest'
import { complaints } from '../guides.js'

test('the guide of Expo compiles', () => {
  const more = { jsx: 'react-jsx', customConditions: ['react-native'] }
  expect(complaints('Expo, React Native', 'expo', more)).toBe('')
})
