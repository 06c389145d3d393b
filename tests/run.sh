#!/bin/bash
# run.sh PYTHON [ARGUMENT…]: the tests. With pytest's arguments in one process; without, every test in three at once,
# because the screen's tests mostly wait: for a browser, for a page, for a time to pass.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
python=$1
shift
if (($#)); then
  exec "$python" -m pytest "$@"
fi

# shared out so that all three take about as long; file by file, since pytest overlooks what lies in a folder that it
# is to ignore
walks=(tests/ui/test_{layout,records_kills,records_screens}.py)
shifted=(tests/ui/test_{floods,lies}.py)
mapfile -t others < <(find tests -path tests/ui -prune -o -name 'test_*.py' -print | sort)
told=$(mktemp -d)
trap 'rm -rf "$told"' EXIT
"$python" -m pytest "${others[@]}" "${shifted[@]}" >"$told/others" 2>&1 &
others_id=$!
"$python" -m pytest "${walks[@]}" >"$told/walks" 2>&1 &
walks_id=$!
"$python" -m pytest tests/ui "${walks[@]/#/--ignore=}" "${shifted[@]/#/--ignore=}" 2>&1 | tee "$told/screens"
status=${PIPESTATUS[0]}
wait "$walks_id" || status=1
wait "$others_id" || status=1
cat "$told/walks" "$told/others"
# the ends of those that have scrolled away, where they are looked for
for part in screens walks; do
  grep -E '^(FAILED|ERROR|SKIPPED)' "$told/$part"
  tail -n 1 "$told/$part"
done
exit "$status"
