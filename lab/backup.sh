#!/usr/bin/env bash
# Copy what a lab cannot make again: gradebooks, course folders, the exchange and the hub's own files. The hub may run.
set -euo pipefail

if [ $# -lt 3 ]; then
  echo "usage: $0 INTO EXCHANGE COURSE-FOLDER... [HUB-FOLDER]
  INTO           where copies are kept; each run makes a folder of its own there, named after the time
  EXCHANGE       nbgrader's exchange
  COURSE-FOLDER  where a course is graded; or another folder to keep, such as the hub's
example: $0 /backup/lab /srv/nbgrader/exchange /srv/courses/gradients /etc/jupyterhub
restore: stop the hub, then as root: tar --extract --file COPY/FOLDER.tar --directory /, and cp --preserve=all
         COPY/FOLDER.gradebook.db FOLDER/gradebook.db" >&2
  exit 2
fi
python=$(cd "$(dirname "$0")/.." && pwd)/.venv/bin/python
[ -x "$python" ] || python=python3
umask 077
into=$1/$(date +%Y-%m-%d-%H%M%S)
shift
for folder in "$@"; do
  [ -d "$folder" ] || { echo "there is no folder $folder; nothing was copied" >&2; exit 1; }
done
mkdir -p "$into"

for folder in "$@"; do
  path=$(realpath "$folder")
  name=$(sed 's|^/||; s|/|-|g' <<< "$path")
  tar --create --file "$into/$name.tar" --exclude 'gradebook.db*' --exclude '*.sqlite' --warning=no-file-changed \
    --directory / "${path#/}" || [ $? = 1 ]   # 1: a file has changed while it was read
  for database in "$folder"/gradebook.db "$folder"/*.sqlite; do
    [ -e "$database" ] || continue
    copy=$into/$name.$(basename "$database")
    "$python" -c '
import sqlite3, sys
source, copy = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True), sqlite3.connect(sys.argv[2])
source.backup(copy)' "$database" "$copy"
    chown --reference="$database" "$copy"
    chmod --reference="$database" "$copy"
  done
done
echo "copied into $into: $(ls "$into" | tr '\n' ' ')"
