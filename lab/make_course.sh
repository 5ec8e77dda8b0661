#!/usr/bin/env bash
# Make a course's part of nbgrader's exchange, with the modes that nbgrader wants, and the folder in which it is graded.
# What is there already stays as it is, but for the modes of the exchange.
set -euo pipefail

if [ $# != 3 ]; then
  echo "usage: $0 EXCHANGE FOLDER GRADER
  EXCHANGE  nbgrader's exchange, shared by all courses
  FOLDER    where the course is graded; its last part is the course's name
  GRADER    the account that grades
example: $0 /srv/nbgrader/exchange /srv/courses/gradients grader-gradients" >&2
  exit 2
fi
exchange=$1 folder=$2 grader=$3
lab=$(cd "$(dirname "$0")" && pwd)
course=$exchange/$(basename "$folder")

if ! id "$grader" >/dev/null 2>&1; then
  echo "there is no account $grader; make it with: useradd --create-home $grader" >&2
  exit 1
fi
group=$(id -gn "$grader")
refuse() { # FOLDER WHY
  echo "$1 $2: somebody else may have put it there, since everyone may write to $exchange; look at it, then remove it" >&2
  exit 1
}
make() { # MODE FOLDER: the grader's own, and neither a link nor a folder that somebody else has put there
  [ -e "$2" ] || [ -L "$2" ] || mkdir "$2"   # which fails where there is a link, and 'install -d' would follow it
  [ ! -L "$2" ] || refuse "$2" "is a link"
  [ -d "$2" ] || refuse "$2" "is no folder"
  case $(stat -c %u "$2") in
    0 | "$(id -u "$grader")") ;;
    *) refuse "$2" "belongs to $(stat -c %U "$2"), neither to root (chown root $2) nor to $grader" ;;
  esac
  chown --no-dereference "$grader:$group" "$2"
  chmod "$1" "$2"
}

install -d -m 1777 "$exchange"   # nbgrader refuses one that not everyone may write to; nobody may remove another's course
make 0755 "$course"
make 0755 "$course/outbound"     # what is released: everyone reads
make 3733 "$course/inbound"      # what is handed in: everyone adds, nobody but the grader lists, nor removes another's
make 0711 "$course/feedback"     # nobody but the grader lists: a student's own is found by the secret of the submission
install -d -m 0700 -o "$grader" -g "$group" "$folder"   # gradebook and solutions: the grader's alone
add() { # FILE NAME: into the course folder, for the grader
  if [ ! -e "$folder/$2" ]; then
    cp -R "$1" "$folder/$2"
    chown -R "$grader:$group" "$folder/$2"
  fi
}
add "$lab/graders_nbgrader_config.py" nbgrader_config.py
add "$lab/../solutions" solutions
echo "made $course and $folder"
