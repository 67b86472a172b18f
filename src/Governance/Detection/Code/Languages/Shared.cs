// What is the same in several languages.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class Shared
{
    private const int Near = 1200;

    /// <summary>Names that secrets are drawn for. Compared with small letters, as the end or a part of a name.</summary>
    public static readonly string[] Secrets = ["token", "password", "passwd", "secret", "api_key", "apikey", "apiKey", "session_id", "sessionId", "reset_token", "resetToken", "otp", "salt", "nonce", "access_token", "accessToken", "auth_token", "authToken", "csrf_token", "csrfToken", "secret_key", "secretKey", "verification_code",
        "$token", "$password", "$secret", "$salt", "$nonce", "$otp", "Token", "Password", "Secret", "Salt", "Nonce", "apiToken", "sessionToken", "session_token", "$apiKey", "$api_key", "$session_id", "refreshToken", "refresh_token", "temp_password", "tempPassword", "newPassword", "new_password", "passcode", "activation_code", "activationCode"];

    private static readonly string[] Sockets = ["socket.", "socket(", "TCPSocket", "fsockopen", "net.Dial", "net.connect", "net.Socket", "new Socket(", "TcpClient", "TcpStream::connect", "create_connection", "createConnection"];

    private static readonly string[] Joints = ["dup2(", ".Stdin =", "stdin=", "stdin:", ".pipe(", "getOutputStream", "getInputStream", "RedirectStandardInput", "proc_open", "from_raw_fd", "<&3", "pty.spawn", "fileno()"];

    /// <summary>A shell is named, and a connection and a joint stand near.</summary>
    public static readonly CodeCheck ReverseShell = new(CodeRules.ReverseShell, [CodeCheck.ShellPath], (c, i) =>
    {
        var near = c.Around(i, Near);
        return HasAny(near, Sockets) && HasAny(near, Joints);
    });

    public static readonly CodeCheck Sql = new(CodeRules.Sql, [CodeCheck.SqlText], SqlBuilding.IsBuilt);

    /// <summary>A name of <see cref="Secrets"/> that something is assigned to: no argument that is handed on, and no comparison.</summary>
    public static bool IsDrawnFor(CodeView c, int i) => c.IsAny(i + 1, "=", ":=", ":") && !c.Value(i).IsEmpty;

    /// <summary>A mode of files by which everybody may write.</summary>
    public static bool IsForAll(CodeView c, CodeRange mode) => mode.To - mode.From == 1 && (c.Text(mode.From) is "0777" or "0o777" or "777" or "0666" or "0o666" or "0o1777" or "511" || c.Content(mode.From) is "777" or "0777" or "a+rwx" or "666");

    public static bool HasAny(ReadOnlySpan<char> text, ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
            if (text.Contains(part, StringComparison.Ordinal)) return true;
        return false;
    }
}
