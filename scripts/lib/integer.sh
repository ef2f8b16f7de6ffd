# Shared by the scripts: settings that are numbers.

# require_integer NAME VALUE LOW HIGH: exit with status 2 unless VALUE is an integer from LOW to HIGH.
require_integer() {
    case $2 in
        ''|*[!0123456789]*|??????????*) ;;  # empty, another character, or more than nine digits
        *) if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then return; fi ;;
    esac
    echo "error: $1 '$2': it must be an integer, at least $3 and at most $4" >&2
    exit 2
}
