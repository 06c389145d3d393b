#!/bin/bash
# run.sh PYTHON [ARGUMENT…]: the tests. With pytest's arguments in one process; without, every test in two at once,
# because the screen's tests mostly wait: for a browser, for a page, for a time to pass.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
python=$1
shift
if (($#)); then
  exec "$python" -m pytest "$@"
fi

# with these among the others, both processes take about as long; file by file, since pytest overlooks what lies in a
# folder that it is to ignore
shifted=(tests/ui/test_{floods,forgetting,lies,no_packets,records_forgery,records_kills,records_screens}.py)
mapfile -t rest < <(find tests -path tests/ui -prune -o -name 'test_*.py' -print | sort)
told=$(mktemp -d)
trap 'rm -rf "$told"' EXIT
"$python" -m pytest "${rest[@]}" "${shifted[@]}" >"$told/others" 2>&1 &
others=$!
"$python" -m pytest tests/ui "${shifted[@]/#/--ignore=}" 2>&1 | tee "$told/screens"
status=${PIPESTATUS[0]}
wait "$others" || status=1
cat "$told/others"
# the screens' end again, where it is looked for
grep -E '^(FAILED|ERROR|SKIPPED)' "$told/screens"
tail -n 1 "$told/screens"
exit "$status"
