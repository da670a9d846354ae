#!/bin/sh
# Tells whether a webhook is ours, whole and new. With openssl and base64; the body is standard input.
# usage: verify.sh SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE [NOW] < body
set -efu
# a shell runs commands that stand in what it calculates with
case $3 in '' | *[!0-9]*) echo "not a time" >&2; exit 1 ;; esac
age=$((${5:-$(date +%s)} - $3))
[ "${age#-}" -le 300 ] || { echo "too old or too new" >&2; exit 1; }
key=$(printf %s "${1#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
expected=$({ printf '%s.%s.' "$2" "$3"; cat; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
for given in $4; do
    [ "$given" = "v1,$expected" ] && exit 0
done
echo "not signed with this key" >&2
exit 1
