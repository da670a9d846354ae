declare const MANA_ERRORS_URL: string
