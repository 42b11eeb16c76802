#!/bin/sh
# make_store.sh CHECKOUT FOLDER
#
# Runs a release (a checkout of it, with its .venv) a few times on the committed sample, and leaves in
# FOLDER what README.md beside this file says. The store lies under a path that names nobody, where
# the tests unpack it again, for it holds absolute paths; user and machine are made up, for which
# this needs root. CHECKOUT should lie under a path that names nobody too.
set -eu

if [ "${2:-}" = "" ]; then
    echo "Usage: make_store.sh CHECKOUT FOLDER" >&2
    exit 2
fi
if [ "${NEUTRAL_MACHINE:-}" = "" ]; then
    exec env -i NEUTRAL_MACHINE=1 PATH=/usr/bin:/bin USER=someone LOGNAME=someone LC_ALL=C.UTF-8 \
        unshare --uts sh "$0" "$1" "$(mkdir -p "$2" && cd "$2" && pwd)"
fi
hostname somewhere

checkout=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
place=/tmp/tfx-pipelines-earlier-store
config=$place/earlier.yaml

mkdir "$place" "$place/home" "$place/runtime"
chmod 700 "$place/runtime"
export HOME="$place/home" TMPDIR="$place/home" XDG_RUNTIME_DIR="$place/runtime"
mkdir "$place/trips" "$place/refused_trips"
cp "$here/earlier.yaml" "$config"
cp "$checkout/data/chicago_taxi/sample/data.csv" "$place/trips/trips.csv"
# A delivery with an hour that there is not, in a row of 400.
awk -F, -v OFS=, '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == "trip_start_hour") hour = i }
    NR % 400 == 2 { $hour = 24 }
    { print }
' "$place/trips/trips.csv" >"$place/refused_trips/trips.csv"

cd "$checkout"

pipelines() {
    command=$1
    shift
    [ "$command" != champion ] || { command="champion $1" && shift; }
    # shellcheck disable=SC2086 # champion and its command are two words
    .venv/bin/python -B -m pipelines $command --config "$config" "$@"
}

# Run the pipeline, which is to end with exit code $1.
run() {
    expected=$1
    shift
    status=0
    pipelines run "$@" || status=$?
    [ "$status" -eq "$expected" ] || { echo "run $*: exit code $status, expected $expected" >&2 && exit 1; }
}

run 0 --set trainer.seed=1
run 0 --set trainer.seed=1
run 0 --set trainer.seed=2
run 3 --set trainer.seed=2 --data "$place/refused_trips"
pipelines champion rollback --reason 'more complaints than before'
run 4 --set trainer.seed=3 --set 'gates=[{kind: value, name: auc_floor, metric: auc, min: 0.9999}]'
run 1 --set trainer.seed=3 --set evaluator.split=holdout
pipelines champion reset --reason 'the label means something else'
run 0 --set trainer.seed=3
run 0 --to StatisticsGen

# Charts of pages written last; without them they are drawn anew.
rm -f "$place/output/reports/.drawings.json"
tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory=/tmp \
    --exclude=home --exclude=runtime tfx-pipelines-earlier-store |
    xz --threads=1 -9e >"$folder/store.tar.xz"

golden=$place/home/golden
mkdir "$golden"
pipelines runs >"$golden/runs.txt"
pipelines champion show --json "$golden/champion.json"
for run in "$place"/output/runs/*; do
    run_id=$(basename "$run")
    for command in show explain report; do
        pipelines "$command" "$run_id" --json "$golden/$command-$run_id.json"
    done
done
tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory="$golden" . |
    xz --threads=1 -9e >"$folder/golden.tar.xz"
.venv/bin/python -B -m pipelines workers stop
