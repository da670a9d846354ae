import { createExpoErrorHandler } from '@manacore/shared-error-tracking/expo'
import { useState } from 'react'
import { Button, Text, View } from 'react-native'
import ErrorBoundary from 'react-native-error-boundary'
import { tracker } from './tracker'

const { errorHandler } = createExpoErrorHandler(tracker)

export function App() {
  return (
    <ErrorBoundary onError={errorHandler}>
      <Shop />
    </ErrorBoundary>
  )
}

function Shop() {
  const [price, setPrice] = useState<{ amount: number } | undefined>({ amount: 7 })
  return (
    <View style={{ flex: 1, justifyContent: 'center', gap: 8 }}>
      <Text>{price!.amount}</Text>
      <Button title="Sell out" onPress={() => setPrice(undefined)} />
      <Button title="Order" onPress={() => order(undefined)} />
      <Button title="Pay" onPress={() => pay()} />
    </View>
  )
}

function order(cart: string[] | undefined): number {
  return cart!.length
}

async function pay(): Promise<void> {
  throw new Error('the bank does not answer')
}
