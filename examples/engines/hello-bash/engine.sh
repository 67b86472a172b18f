#!/bin/bash
# The hello engine in Bash: writes GREETING in the workspace. Shows the whole protocol: environment in, artifacts and one receipt out.
set -eu
mode=$CABINCREW_MODE

receipt() {                                      # standard output carries this document and nothing else
  printf '{"protocol_version":"draft-1","engine_id":"hello-bash","mode":"%s","receipt_id":"hello","status":"%s","artifacts":[%s]%s}\n' "$mode" "$1" "$2" "$3"
}
fail() { echo "$1" >&2; receipt failure "" ",\"error\":\"$1\""; exit "${2:-1}"; }

input=$(cat)                                     # one JSON document; this engine has no config, but it must not fly on what it cannot have understood
case $input in '{'*'"protocol_version":"draft-1"'*'}') ;; *) fail "the input is not a draft-1 document" 2 ;; esac

patch=$CABINCREW_ARTIFACTS_DIR/greeting/body.data

if [ "$mode" = take-off ]; then                  # apply what was approved: the frozen patch, and nothing that is computed anew
  if [ -e "$patch" ]; then cd "$CABINCREW_WORKSPACE" && git apply --whitespace=nowarn "$patch" >&2 || fail "the patch does not apply"; fi
  receipt success "" ""
  exit 0
fi

# flight-plan: say what would be done, change nothing
mkdir "$CABINCREW_ARTIFACTS_DIR/greeting"
old=$CABINCREW_WORKSPACE/GREETING
new=$CABINCREW_TEMP_DIR/new
echo 'Hello from CabinCrew.' > "$new"
if [ -e "$old" ]; then a=a/GREETING; else old=/dev/null a=/dev/null; fi
diff -u --label "$a" --label b/GREETING "$old" "$new" > "$patch" || true

if [ -s "$patch" ]; then
  body=",\"body_file\":\"body.data\",\"integrity\":\"sha256:$(sha256sum < "$patch" | cut -d' ' -f1)\""
else
  rm "$patch"; body=                             # the greeting is there already: an artifact without a body declares no change
fi
json=$CABINCREW_ARTIFACTS_DIR/greeting/artifact.json
printf '{"type":"file_patch","action":"update","role":"evidence","metadata":{"path":"GREETING"}%s}' "$body" > "$json"
size=$(cat "$json" "$patch" 2>/dev/null | wc -c) || true
receipt success "{\"name\":\"greeting\",\"role\":\"evidence\",\"path\":\"greeting/artifact.json\",\"hash\":\"sha256:$(sha256sum < "$json" | cut -d' ' -f1)\",\"size\":$((size))}" ""
