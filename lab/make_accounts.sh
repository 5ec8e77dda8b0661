#!/usr/bin/env bash
# Make the accounts of a list of names, with homes that are their owners' alone. Who has an account keeps it.
set -uo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 NAMES [PASSWORDS]
  NAMES      a file with a name a line; # starts a comment. The hub's list of students is such a file
  PASSWORDS  a file for the passwords of new accounts; without it they have none, as for a hub with another log-in
example: $0 /etc/jupyterhub/gradients-students.txt /etc/jupyterhub/gradients-passwords.txt
exit status: 0 every name has an account, 1 some could not be made, 2 wrongly called" >&2
  exit 2
fi
[ "$(id -u)" = 0 ] || { echo "only root can make accounts: sudo $0 $*" >&2; exit 2; }
[ -r "$1" ] || { echo "$1 cannot be read" >&2; exit 2; }
names=$1 passwords=${2:-} made=0 there=0 failed=0
umask 077
if [ -n "$passwords" ]; then
  { [ ! -L "$passwords" ] && touch "$passwords" && chmod 600 "$passwords"; } || { echo "$passwords cannot be written" >&2; exit 2; }
fi

while read -r name || [ -n "$name" ]; do
  if ! id "$name" >/dev/null 2>&1; then
    if ! useradd --create-home --key HOME_MODE=0700 --shell /bin/bash -- "$name"; then   # useradd says why
      failed=$((failed + 1))
      continue
    fi
    if [ -n "$passwords" ]; then
      password=$(head -c 9 /dev/urandom | base64)
      echo "$name:$password" | chpasswd && echo "$name $password" >> "$passwords"
    fi
    made=$((made + 1))
  elif [ "$(id -u "$name")" -lt 1000 ]; then
    echo "$name is an account of the system, not a person's: left as it is" >&2
    failed=$((failed + 1))
    continue
  else
    there=$((there + 1))
  fi
  home=$(getent passwd "$name" | cut -d: -f6)
  { [ -d "$home" ] && [ ! -L "$home" ] && chmod 700 "$home"; } || echo "$name has no home at $home" >&2
done < <(sed 's/#.*//; s/^[[:space:]]*//; s/[[:space:]]*$//; /^$/d' "$names")

echo "$made accounts made, $there were there, $failed failed"
[ "$failed" = 0 ]
