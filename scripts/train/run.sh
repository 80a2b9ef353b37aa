#!/usr/bin/env bash
# Trains the models: makes the Python environment where it is missing, runs history through the feature engine, trains, writes
# models with their cards, and makes them known to a registry as shadows.
#
#   run.sh [--quick] [--data <folder>] [--out <folder>] [--register <data folder>] [--heads <names...>] [more, see README.md]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$here/.venv
data=$(realpath -m "$root/../shared/data")
out=$root/build/train
register=""
quick=""
reuse=""
environment_only=""
heads=()
more=()

fail() {
  echo "run.sh: $1" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 ;;
    --environment) environment_only=1 ;;
    --reuse-features) reuse=1 ;;
    --data | --out | --register)
      [ $# -gt 1 ] || fail "$1 needs a folder"
      printf -v "${1#--}" '%s' "$(realpath -m "$2")"
      shift
      ;;
    --heads)
      while [ $# -gt 1 ] && [[ $2 != --* ]]; do
        heads+=("$2")
        shift
      done
      ;;
    --with-holdout) more+=("$1") ;;
    --label | --holdout | --folds | --trained-at)
      [ $# -gt 1 ] || fail "$1 needs a value"
      more+=("$1" "$2")
      shift
      ;;
    *) fail "there is no option $1: see README.md" ;;
  esac
  shift
done
if [ ${#heads[@]} -eq 0 ]; then
  if [ -n "$quick" ]; then heads=(direction range-15m); else heads=(direction ranges fast); fi
fi

tickforge() { node "$root/scripts/run.mjs" "$root/scripts/tickforge.ts" "$@"; }

# Its stamp is of the file that pins everything: another pin makes another environment.
environment() {
  local stamp python extras=dev
  stamp=$(sha256sum <"$here/pyproject.toml")
  [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && return
  python=$(command -v python3.11 || command -v python3) || fail "Python 3.11 is missing"
  if /usr/bin/python3 -c 'import sys, torch; assert sys.version_info[:2] == (3, 11)' 2>/dev/null; then
    python=/usr/bin/python3
  else
    extras="dev torch"
    echo "Debian's python3-torch is not here: PyTorch comes from PyPI, which is large" >&2
  fi
  echo "== Python environment in $venv"
  rm -rf "$venv"
  "$python" -m venv --system-site-packages "$venv" || fail "no environment: on Debian, install python3-venv"
  "$venv/bin/python" - "$here/pyproject.toml" $extras >"$venv/requirements.txt" <<'PYTHON'
import sys, tomllib
project = tomllib.load(open(sys.argv[1], "rb"))["project"]
wanted = [*project["dependencies"], *(need for name in sys.argv[2:] for need in project["optional-dependencies"][name])]
print("\n".join(wanted))
PYTHON
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$venv/requirements.txt"
  echo "$stamp" >"$venv/stamp"
}

# $1: a folder for features, $2...: what to make them from.
features() {
  local into=$1
  shift
  if [ -n "$reuse" ] && [ -f "$into/features.json" ]; then
    echo "== features: those in $into"
    return
  fi
  echo "== features of $*"
  tickforge features "$@" --out "$into"
}

needs() { "$venv/bin/python" -m tickforge_train.needs "${heads[@]}"; }

cd "$root"
environment
[ -z "$environment_only" ] || exit 0
[ -d "$data" ] || fail "$data is not there: --data names a folder with m1/ and ticks/"
export PYTHONPATH=$here
# Threads that wait for work sleep: where cores are shared, spinning takes most of the time.
export OMP_WAIT_POLICY=PASSIVE

arguments=(--out "$out" --heads "${heads[@]}" "${more[@]}")
kinds=$(needs)
if [[ $kinds == *minutes* ]]; then
  sources=("$data/m1")
  # Half a year of two symbols, for a look at whether everything works.
  [ -z "$quick" ] || sources=("$data"/m1/EURUSD_2019H1.* "$data"/m1/USDJPY_2019H1.*)
  features "$out/features/minutes" "${sources[@]}"
  arguments+=(--minutes "$out/features/minutes")
fi
if [[ $kinds == *ticks* ]]; then
  # One source: quotes of two have two spreads.
  features "$out/features/ticks" "$data"/ticks/oanda-*
  arguments+=(--ticks "$out/features/ticks")
fi
[ -z "$quick" ] || arguments+=(--quick)

echo "== training ${heads[*]}"
rm -f "$out"/trained.txt
status=0
"$venv/bin/python" -m tickforge_train "${arguments[@]}" || status=$?
if [ -n "$register" ] && [ -f "$out/trained.txt" ]; then
  echo "== registering in $register"
  while read -r model version; do
    if tickforge models card "$model" "$version" --data "$register" >/dev/null 2>&1; then
      echo "$model $version is known already"
    else
      tickforge models register "$out/$model/model.onnx" --card "$out/$model/card.json" --data "$register"
    fi
  done <"$out/trained.txt"
fi
exit "$status"
