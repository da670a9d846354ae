"""Coverage-guided fuzzing: python fuzz.py TARGET [libFuzzer's arguments]

    make fuzz FUZZ_SECONDS=600

Findings are written as crash-… files; put them into corpus/TARGET and mend what they found.
"""

import sys

import atheris

with atheris.instrument_imports(include=["mana_errors"]):
    from targets import TARGETS, run

if __name__ == "__main__":
    name = sys.argv.pop(1)
    if name not in TARGETS:
        sys.exit(f"no target {name!r}: {', '.join(TARGETS)}")
    atheris.Setup(sys.argv, lambda data: run(name, data))
    atheris.Fuzz()
