// What every scripted engine can say: propose a file, emit an artifact, apply the frozen patches, print the receipt that fits the directory.
namespace CabinCrew.Tests.Hangar;

internal static class EngineScript
{
    /// <summary>propose PATH TEXT [NAME] · emit NAME ROLE TYPE [MEMBERS] (body on standard input) · bare NAME ROLE TYPE [MEMBERS] · apply · receipt [STATUS] [MEMBERS] · member JQ-LIKE-KEY.</summary>
    public const string Prelude = """
        #!/bin/bash
        A=$CABINCREW_ARTIFACTS_DIR W=$CABINCREW_WORKSPACE T=$CABINCREW_TEMP_DIR
        input=$(cat)
        sum() { sha256sum < "$1" | cut -d' ' -f1; }
        emit() {
          mkdir "$A/$1"; cat > "$A/$1/body.data"
          printf '{"type":"%s","action":"update","role":"%s","body_file":"body.data","integrity":"sha256:%s"%s}' "$3" "$2" "$(sum "$A/$1/body.data")" "${4:+,$4}" > "$A/$1/artifact.json"
        }
        bare() { mkdir "$A/$1"; printf '{"type":"%s","action":"note","role":"%s"%s}' "$3" "$2" "${4:+,$4}" > "$A/$1/artifact.json"; }
        propose() {
          printf '%s\n' "$2" > "$T/new"; old=$W/$1; a=a/$1
          [ -e "$old" ] || { old=/dev/null; a=/dev/null; }
          diff -u --label "$a" --label "b/$1" "$old" "$T/new" | emit "${3:-change}" evidence file_patch
        }
        apply() { for p in "$A"/*/body.data; do git -C "$W" apply --whitespace=nowarn "$p" >&2 || { receipt failure '"error":"the patch does not apply"'; exit 1; }; done; }
        receipt() {
          local list= size
          if [ "$CABINCREW_MODE" = flight-plan ]; then
            for d in "$A"/*/artifact.json; do
              [ -f "$d" ] || continue
              n=$(basename "$(dirname "$d")"); size=$(cat "$A/$n/artifact.json" "$A/$n/body.data" 2>/dev/null | wc -c)
              role=$(grep -o '"role":"[a-z]*"' "$d" | head -1); [ -n "$role" ] || role='"role":"evidence"'
              list="$list${list:+,}{\"name\":\"$n\",$role,\"path\":\"$n/artifact.json\",\"hash\":\"sha256:$(sum "$d")\",\"size\":$size}"
            done
          fi
          printf '{"protocol_version":"draft-1","engine_id":"scripted","mode":"%s","receipt_id":"r-1","status":"%s","artifacts":[%s]%s}\n' "$CABINCREW_MODE" "${1:-success}" "$list" "${2:+,$2}"
        }
        """;
}
