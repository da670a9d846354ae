"""Messages in German."""

from typing import Final

WORDS: Final = {
    # what happened
    "new": "Neu",
    "regressed": "Wieder da",
    "regressed_in": "Wieder da in {}",
    "escalated": "Eskaliert",
    "occurred": "Aufgetreten",
    "many": "{} in {}",
    "unusual": "{} in dieser Stunde, sonst {}",
    "silent": "Seit {} keine Ereignisse",
    "alert": "Alarm",
    # how many
    "event": "{} Ereignis",
    "events": "{} Ereignisse",
    "user": "{} Nutzer",
    "users": "{} Nutzer",
    "minute": "{} Minute",
    "minutes": "{} Minuten",
    "hour": "{} Stunde",
    "hours": "{} Stunden",
    "day": "{} Tag",
    # only after “seit” and “in”
    "days": "{} Tagen",
    "more": "und {} weitere",
    # what it is about
    "app": "App",
    "environment": "Umgebung",
    "release": "Version",
    "severity": "Schwere",
    "severity_debug": "Debug",
    "severity_info": "Info",
    "severity_warning": "Warnung",
    "severity_error": "Fehler",
    "severity_critical": "kritisch",
    "count": "Ereignisse",
    "user_count": "Nutzer",
    "where": "Wo",
    "trend": "Letzte 24 Stunden",
    "trend_most": "Letzte 24 Stunden, höchstens {} Ereignisse je Stunde",
    "rule": "Regel: {}",
    # what to do
    "open": "Öffnen",
    "open_issue": "Problem öffnen",
    "open_app": "App öffnen",
    "resolve": "Lösen",
    "ignore": "Eine Woche ignorieren",
    "open_server": "Mana Errors öffnen",
    # a digest
    "alerts": "{} Alarme: {}",
    # a test
    "test": "Dieser Kanal funktioniert",
    "test_text": "Ein Test des Kanals. Alarme seiner Regeln sehen so aus und sagen mehr.",
    # below an e-mail
    "footer_rule": "Gesendet von der Regel „{}“.",
    "footer_rules": "Gesendet von mehreren Regeln.",
    "footer_test": "Gesendet, weil jemand diesen Kanal getestet hat.",
    "mute": "Keine solchen E-Mails mehr",
}
