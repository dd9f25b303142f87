#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Feeds every fuzz test of the project so many inputs that Jazzer makes up.
#
#   bench/torture/fuzz.sh RUNS [CLASS#METHOD...]     such as: fuzz.sh 200000 GgufFuzzTest#parse
#
# Prints lines of CSV: test, inputs tried, seconds, findings, date. An input that breaks something is kept in the folder
# that is named on stderr, and the exit status is 1. Seeds are the inputs stored beside the tests. Needs Maven.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
case ${1:-} in
  '' | *[!0-9]*) sed -n '3,8p' "$0" >&2; exit 2 ;;
esac
runs=$1
shift

# module CLASS METHOD of every method that is marked @FuzzTest.
list_tests() {
  for module in java/ggml java/wan; do
    grep -rl --include='*.java' '@FuzzTest' "$root/$module/src/test/java" | sort | while read -r file; do
      class=${file#"$root/$module/src/test/java/"}
      class=$(printf '%s' "${class%.java}" | tr / .)
      sed -n '/@FuzzTest/,/{/ s/^ *\(public \)\{0,1\}void \([A-Za-z0-9]*\)(.*/\2/p' "$file" |
        while read -r method; do echo "$module $class $method"; done
    done
  done
}

asked() {
  [ $# -eq 2 ] && return 0
  local name=$1#$2 wanted
  shift 2
  for wanted in "$@"; do
    case $name in *".$wanted") return 0 ;; esac
  done
  return 1
}

kept=$(mktemp -d "${TMPDIR:-/tmp}/wanlet-fuzz-XXXXXX")
mvn -B -ntp -q -f "$root/pom.xml" -pl java/wan -am -DskipTests -Dmdep.outputFile=target/test-classpath.txt \
  -DincludeScope=test package dependency:build-classpath > "$kept/build.log" 2>&1 || { cat "$kept/build.log" >&2; exit 1; }

echo "test,inputs,seconds,findings,date"
failed=0 tried=0
while read -r module class method; do
  asked "$class" "$method" "$@" || continue
  tried=$((tried + 1))
  work=$kept/${class##*.}-$method
  mkdir -p "$work/corpus"
  seeds=$root/$module/src/test/resources/$(printf '%s' "$class" | tr . /)Inputs/$method
  if [ -d "$seeds" ]; then cp "$seeds"/* "$work/corpus"; fi
  findings=0
  (cd "$work" && java -Xmx1g -cp "$root/$module/target/test-classes:$root/$module/target/classes:$(cat "$root/$module/target/test-classpath.txt")" \
    com.code_intelligence.jazzer.Jazzer "--target_class=$class" "--target_method=$method" \
    '--instrumentation_includes=dev.wanlet.**' "-runs=$runs" -max_total_time=0 corpus) > "$work/log" 2>&1 || findings=1
  done_line=$(grep -a '^Done ' "$work/log" | tail -n 1 || true)
  if [ "$findings" -ne 0 ] || [ -z "$done_line" ]; then
    failed=1 findings=1
    echo "$class#$method: see $work" >&2
    done_line=${done_line:-$(grep -aE '^#[0-9]+' "$work/log" | tail -n 1 | sed 's/^#\([0-9]*\).*/Done \1 runs in 0 second(s)/')}
  fi
  echo "$done_line" | sed "s/^Done \([0-9]*\) runs in \([0-9]*\) second.*/${class##*.}#$method,\1,\2,$findings,$(date +%F)/"
done < <(list_tests)
if [ "$tried" -eq 0 ]; then echo "no fuzz test is called so: $*" >&2; exit 2; fi
if [ "$failed" -eq 0 ]; then rm -rf "$kept"; fi
exit "$failed"
