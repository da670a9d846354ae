// Metro puts variables that begin with EXPO_PUBLIC_ in when it builds.
declare const process: { env: Record<string, string | undefined> }
