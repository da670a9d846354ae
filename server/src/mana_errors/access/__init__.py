"""People and how they prove who they are.

passwords.py  argon2id
codes.py      TOTP
sign_in.py    e-mail + password + code -> Member, throttled
people.py     what members may do to members
"""
