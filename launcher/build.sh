# SPDX-License-Identifier: Apache-2.0
# Sourced by ./wanlet when something must be built. Uses: root, state, java, backends, say; after prerequisites.sh.

# Returns once this process is the only one that builds here. Nothing it starts may keep the lock longer than itself, as a
# compiler cache would that stays in the background: what follows is called with 9>&-.
take_build_lock() {
  mkdir -p "$state"
  waited=false
  lock_file || lock_folder
}

release_build_lock() {
  exec 9>&-
  if $owns_folder; then rm -rf "$state/lock"; fi
  trap - EXIT INT TERM
}

# Locks a file, which the system undoes when this process ends, however it ends, and which holds between the containers of
# one machine. False where there is no flock, or the file system has no locks.
lock_file() {
  command -v flock >/dev/null || return 1
  if ! true 2>/dev/null >> "$state/build.lock"; then
    say "cannot write in $state"
    exit 1
  fi
  owns_folder=false
  exec 9>> "$state/build.lock"
  until flock -n 9 2>/dev/null; do
    if [ $? -ne 1 ]; then
      exec 9>&-
      return 1
    fi
    wait_for_build "$(cat "$state/build.lock" 2>/dev/null)"
  done
  catch_signals
  printf '%s\n' $$ 2>/dev/null > "$state/build.lock" || true # for the message alone: the disk may be full
}

# Elsewhere: makes a folder, and notes in it who did.
lock_folder() {
  host=$(uname -n)
  unsigned=0 failures=0
  until mkdir "$state/lock" 2>/dev/null; do
    if [ ! -d "$state/lock" ]; then
      failures=$((failures + 1))
      if [ "$failures" -ge 5 ]; then
        say "cannot make the folder $state/lock; is the disk full or write-protected?"
        exit 1
      fi
      sleep 1 # or it was given up between the two looks
    elif lock_is_stale; then
      rm -rf "$state/lock"
    else
      wait_for_build "$owner_pid on $owner_host; where no build goes on there, delete $state/lock"
    fi
  done
  owns_folder=true
  catch_signals
  printf '%s\n' "$host $$ $(started $$)" 2>/dev/null > "$state/lock/owner" || true
}

catch_signals() {
  trap release_build_lock EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

wait_for_build() {
  $waited || say "waiting for another build in $root (process ${1:-unknown})"
  waited=true
  sleep 1
}

# Whether the maker of the folder is dead. Of another machine's, or container's, only time tells.
lock_is_stale() {
  owner_host= owner_pid= owner_start=
  if [ -f "$state/lock/owner" ]; then
    read -r owner_host owner_pid owner_start 2>/dev/null < "$state/lock/owner" || true
  fi
  if [ -z "$owner_pid" ]; then
    owner_pid=unknown owner_host=$host
    unsigned=$((unsigned + 1))
    [ "$unsigned" -gt 10 ] # seconds in which its maker could have signed it
  elif [ "$owner_host" = "$host" ]; then
    # A number may have been given to another process since.
    [ "$owner_pid" = $$ ] || [ "$owner_start" != "$(started "$owner_pid")" ] ||
      { [ -z "$owner_start" ] && ! kill -0 "$owner_pid" 2>/dev/null; }
  else
    [ -n "$(find "$state/lock" -prune -mmin +120 2>/dev/null)" ]
  fi
}

# When a process was started; nothing if there is none, or ps cannot say.
started() {
  # shellcheck disable=SC2046 # to have single spaces
  printf '%s' "$(echo $(LC_ALL=C TZ=UTC0 ps -o lstart= -p "$1" 2>/dev/null))"
}

# with_progress WHAT COMMAND...: runs COMMAND with its output in $log and one moving line on a terminal.
with_progress() {
  what=$1
  shift
  : > "$log"
  if [ ! -t 2 ]; then
    say "$what (log: $log)"
    "$@" > "$log" 2>&1
    return
  fi
  "$@" > "$log" 2>&1 < /dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; printf "\n" >&2; exit 130' INT
  start=$(date +%s)
  while kill -0 "$pid" 2>/dev/null; do
    # The last line that says where the build is: a compiler step of CMake, or a module of Maven.
    step=$(sed -n -e 's/.*\(\[ *[0-9]*[%/][^]]*\] Building [^ ]* object\).*\/\([^/]*\)\.o$/\1 \2/p' \
      -e 's/.*Building \(Wanlet.*\[[0-9/]*\]\).*/\1/p' "$log" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -c 1-50)
    printf '\rwanlet: %s, %d s  %-52s' "$what" "$(($(date +%s) - start))" "$step" >&2
    sleep 0.3 2>/dev/null || sleep 1
  done
  printf '\r%-79s\r' '' >&2
  trap 'exit 130' INT
  wait "$pid"
}

# Options of the native build: these backends, some of them ready-made.
native_options() { printf '%s' "-Dwanlet.native.options=-DWANLET_BACKENDS=$1 -DWANLET_READY_BACKENDS=$ready"; }

maven_package() {
  with_progress "building ($1)" mvn -B -ntp -f "$root/pom.xml" -pl java/cli -am -DskipTests \
    "$(native_options "$1")" -Dmdep.outputFile=target/classpath.txt -DincludeScope=runtime \
    package dependency:build-classpath
}

# What went wrong, out of a Maven log with CMake's and the compiler's output in it.
show_log_errors() {
  # CMake's own message without its call stack; else the first error lines; else the end.
  errors=$(sed 's/^\[ERROR\] *//' "$log" |
    awk '/^CMake Error/ { on = 1; next } /^Call Stack|Configuring incomplete|^Command execution/ { on = 0 } on && NF { print "  " $0 }')
  for pattern in 'error:|\.java:\[' '^\[ERROR\] [A-Z]|FAILED'; do
    if [ -z "$errors" ]; then
      errors=$(grep -E "$pattern" "$log" | sed 's/^\[ERROR\] */  /' | awk '!seen[$0]++' | head -n 8 || true)
    fi
  done
  if [ -z "$errors" ]; then errors=$(tail -n 12 "$log"); fi
  printf '%s\n' "$errors" >&2
  say "the full log is $log"
}

build_cli() {
  require_prerequisites
  if [ -z "${WANLET_BACKENDS:-}" ]; then detect_backends; fi
  choose_ready_backends
  take_build_lock
  build_alone 9>&-
  release_build_lock
}

build_alone() {
  log=$state/build.log
  # Taken before the build, so that an edit during it counts as newer.
  touch "$state/started"
  # A GPU backend that was not asked for must not keep the program from running.
  tried=
  for attempt in "$backends" "${backends%,cuda}" cpu; do
    if [ "$attempt" = "$tried" ]; then continue; fi
    if maven_package "$attempt"; then break; fi
    tried=$attempt
    if [ -n "${WANLET_BACKENDS:-}" ] || [ "$attempt" = cpu ]; then
      say 'the build failed:'
      show_log_errors
      exit 1
    fi
    say "building $attempt failed:"
    show_log_errors
    mv "$log" "$state/build-gpu.log"
    say "going on with less (that log: $state/build-gpu.log). ./wanlet --rebuild tries again"
  done
  # Which backends were taken ready-made.
  sed -n 's/^.*-- wanlet: //p' "$log" | while IFS= read -r line; do say "$line"; done
  write_java_arguments
  archive_classes
  printf '%s\n' "$root" "$java" "$backends" "$cpu" > "$state/started.new"
  touch -r "$state/started" "$state/started.new"
  mv "$state/started.new" "$state/built"
  rm -f "$state/started"
}

# quoted TEXT: as one word of a Java argument file.
quoted() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

write_java_arguments() {
  set -- "$root"/java/cli/target/wanlet-cli-*.jar
  class_path=$1:$(cat "$root/java/cli/target/classpath.txt")
  java_major=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  set -- "$root"/native/target/classes/META-INF/native/*
  {
    # Results go to stdout: the JVM's own remarks must not.
    printf '%s\n' -Xshare:auto -Xlog:disable -XX:+UseSerialGC -XX:-UsePerfData
    # What Wanlet's classes and code take several times over. The defaults are 1.2 GB of addresses, too many where they are
    # limited (ulimit -v).
    printf '%s\n' -XX:CompressedClassSpaceSize=128m -XX:ReservedCodeCacheSize=96m
    quoted "-XX:SharedArchiveFile=$state/classes.jsa"
    printf '\n'
    if [ "$java_major" -ge 22 ]; then printf '%s\n' --enable-native-access=ALL-UNNAMED; fi
    # The libraries where they were built: nothing needs to be extracted from the jar.
    quoted "-Ddev.wanlet.native.path=$1"
    printf '\n-cp '
    quoted "$class_path"
    printf '\n'
  } > "$state/java.args"
}

# Keeps the loaded form of the classes that a clip needs (class data sharing): about halves the JVM's start. Java takes no
# archive whose jars were built anew, so it is made again after a test run too.
archive_classes() {
  sed '/SharedArchiveFile/d' "$state/java.args" > "$state/archive.args"
  rm -f "$state/classes.jsa" "$state/archive.mp4"
  "$java" "@$state/archive.args" "-XX:ArchiveClassesAtExit=$state/classes.$$.jsa" dev.wanlet.cli.Main \
    generate --prompt "a star" --size 32x32 --frames 5 --steps 1 --no-prompt-cache --output "$state/archive.mp4" \
    > "$state/archive.log" 2>&1 || true
  if [ -f "$state/classes.$$.jsa" ]; then mv "$state/classes.$$.jsa" "$state/classes.jsa"; fi
  rm -f "$state/archive.mp4"
}

# Builds everything, runs all tests, or those of the classes that are named, and ends the program with their status.
run_tests() {
  classes=
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) yes=true ;;
      -*) say "test: unknown option '$1'; known: --yes, and names of test classes"; exit 2 ;;
      *) classes=$classes${classes:+,}$1 ;;
    esac
    shift
  done
  require_prerequisites
  if [ -z "${WANLET_BACKENDS:-}" ]; then detect_backends; fi
  choose_ready_backends
  take_build_lock
  test_alone 9>&-
}

test_alone() {
  log=$state/test.log
  say "running the test suite (log: $log)"
  cd "$root"
  : > "$log"
  status=0
  if [ -n "$classes" ]; then
    run_test_classes || status=$?
    summarise_tests
    exit "$status"
  fi
  logged_maven -fae "$(native_options "$backends")" verify || status=$?
  if [ "$status" -eq 0 ]; then test_examples || status=$?; fi
  if [ "$status" -eq 0 ]; then run_sanitized_tests || status=$?; fi
  summarise_tests
  exit "$status"
}

# Maven is content when a name matches nothing, because most modules have no class of that name: here each must match.
run_test_classes() {
  logged_maven -fae "$(native_options "$backends")" test "-Dtest=$classes" -Dsurefire.failIfNoSpecifiedTests=false ||
    return $?
  missing=
  for class in $(printf '%s' "$classes" | tr , ' '); do
    # As a pattern of grep: without a method, and with * for any characters.
    pattern=$(printf '%s' "${class%%#*}" | sed -e 's/\./[.]/g' -e 's/\*/.*/g')
    grep -Eq "Running (.*[.])?$pattern\$" "$log" || missing="$missing $class"
  done
  if [ -n "$missing" ]; then
    say "no test class is called$missing"
    return 1
  fi
}

# Runs Maven, shows what it says and keeps it in $log.
logged_maven() {
  { mvn_status=0
    mvn -B -ntp "$@" || mvn_status=$?
    echo $mvn_status > "$state/test.status"
  } 2>&1 | tee -a "$log"
  return "$(cat "$state/test.status")"
}

# Builds and runs examples/ as anybody's project: against the artifacts of this build, as 'mvn install' would leave
# them, in a local repository that is the user's own but for dev/wanlet.
test_examples() {
  user_repository=${HOME:-}/.m2/repository
  repository=$state/repository
  rm -rf "$repository"
  mkdir -p "$repository/dev/wanlet"
  for folder in "$user_repository"/* "$user_repository"/dev/*; do
    name=${folder#"$user_repository"/}
    if [ "$name" != dev ] && [ "$name" != dev/wanlet ] && [ -d "$folder" ]; then ln -s "$folder" "$repository/$name"; fi
  done
  version=$(sed -n 's/^ *<version>\(.*\)<\/version>.*/\1/p' pom.xml | head -n 1)
  put_artifact . wanlet-parent
  put_artifact native wanlet-native
  put_artifact java/ggml wanlet-ggml
  put_artifact java/wan wanlet-runtime
  put_artifact java/demo-model wanlet-demo-model
  logged_maven -f examples/pom.xml "-Dmaven.repo.local=$repository" test
}

# put_artifact MODULE ID: into $repository, the jar if the module makes one.
put_artifact() {
  artifact=$repository/dev/wanlet/$2/$version
  mkdir -p "$artifact"
  cp "$1/pom.xml" "$artifact/$2-$version.pom"
  if [ -f "$1/target/$2-$version.jar" ]; then cp "$1/target/$2-$version.jar" "$artifact/"; fi
}

# What tries the binding from Java: few and quick, because sanitized code is slow.
sanitized_java_tests=SanitizedBindingTest,BindingTest,LifetimeTest,GraphBuilderChecksTest,WidenTest,NativeHandleTest,MappedFileTest

# The C++ tests again, and tests of the binding from Java, under AddressSanitizer and UBSan where the compiler has them.
run_sanitized_tests() {
  if ! echo 'int main() { return 0; }' | "${CXX:-c++}" -x c++ -fsanitize=address,undefined - \
      -o "$state/sanitizer-probe" 2>/dev/null; then
    say 'this compiler has no sanitizer runtime; the C++ tests ran without it only'
    return 0
  fi
  rm -f "$state/sanitizer-probe"
  cmake --preset asan > "$state/asan.log" 2>&1 && cmake --build --preset asan >> "$state/asan.log" 2>&1 || {
    log=$state/asan.log
    say 'building the C++ tests under AddressSanitizer failed:'
    show_log_errors
    return 1
  }
  ctest --preset asan
  # Java is not built for the sanitizer, so its runtime must be there first; so must libstdc++, whose exceptions it watches.
  runtime="$("${CC:-cc}" -print-file-name=libasan.so) $("${CXX:-c++}" -print-file-name=libstdc++.so)"
  case $runtime in
    /*' '/*) ;;
    *) say 'this compiler has no shared sanitizer runtime; the binding was not tried from Java under it'; return 0 ;;
  esac
  say 'running tests of the binding from Java under AddressSanitizer and UBSan'
  test_log=$log
  log=$state/asan-java.log
  : > "$log"
  asan_status=0
  logged_maven "$(native_options "$backends")" -pl java/ggml -am test "-Dwanlet.asan=$runtime" "-Dtest=$sanitized_java_tests" \
    -Dsurefire.failIfNoSpecifiedTests=false || asan_status=$?
  log=$test_log
  return "$asan_status"
}

summarise_tests() {
  # Maven prints one total per module: the lines without "Time elapsed".
  sed 's/\x1b\[[0-9;]*m//g' "$state/test.log" | awk -v status="$status" '
    /Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+/ && !/Time elapsed/ {
      gsub(",", ""); for (i = 1; i < NF; i++) {
        if ($i == "run:") run += $(i + 1); if ($i == "Failures:") failures += $(i + 1)
        if ($i == "Errors:") errors += $(i + 1); if ($i == "Skipped:") skipped += $(i + 1) } }
    /tests passed, [0-9]+ tests failed out of/ { sub(/^.*\[INFO\] /, ""); native = $0 }
    END {
      printf "Java: Tests run: %d, Failures: %d, Errors: %d, Skipped: %d\n", run, failures, errors, skipped
      if (native != "") print "C++: " native
      print status == 0 ? "TESTS PASSED" : "TESTS FAILED" }'
}
