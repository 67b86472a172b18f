// What has no token of its own: private keys, passwords in addresses and files, generic assignments. Each rule has cases that it finds and near misses that no rule finds; a rule without is refused.
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Detection.Tests.Secrets;

public sealed class StructuredSecretsTests
{
    private static readonly string Body = Drawn(64, 1) + "\n" + Drawn(64, 2) + "\n";
    private static readonly string Header = "-----BEGIN RSA PRIVATE " + "KEY-----\n";
    private static readonly string Footer = "-----END RSA PRIVATE " + "KEY-----\n";
    private static readonly string Key = Drawn(32, 3);
    private static readonly string Login = Convert.ToBase64String("deploy:Kx9-s3cr3t-Pw"u8);

    private static string Drawn(int length, int seed)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, length).Select(_ => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[random.Next(62)]));
    }

    private static readonly (string Rule, string[] Found, string[] Misses)[] Cases =
    [
        ("private-key", [Header + Body + Footer, (Header + Body + Footer).Replace("\n", "\\n"), "{\"private_key\": \"" + (Header + Body + Footer).Replace("\n", "\\n") + "\"}", "\"" + Header.Trim() + "\\n\"\n  + \"" + Drawn(64, 1) + "\\n\"\n  + \"" + Drawn(64, 2) + "\\n\"",
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 2\n" + Body + "Private-MAC: 12", "-----BEGIN PGP PRIVATE KEY " + "BLOCK-----\n\n" + Body, "  key: |\n    " + Header + "    " + Body.Replace("\n", "\n    ") + "    " + Footer],
            [Header, "the header is " + Header.Trim() + " and so on", (Header + Body).Replace("PRIVATE", "PUBLIC"), "-----BEGIN CERTIFICATE-----\n" + Body, "PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\n" + Body]),
        ("url-password", ["postgres://app:Kx9-s3cr3t@db:5432/app", "redis://:Kx9-s3cr3t@cache:6379/0", "amqps://u:Kx9-s3cr3t@mq/vhost", "mongodb+srv://u:p%40ss-Word1@c0.example.net/?w=1", "https://x:Kx9-s3cr3t@git.example.org/a.git"],
            ["https://user:${PASSWORD}@host/", "https://user:<password>@host", "http://{user}:{pass}@{host}", "https://example.org/a:b@c", "postgres://user:password@localhost/db", "see http://a.b: c@d.e"]),
        ("connection-password", ["Server=db;Database=a;User Id=sa;Password=Kx9-s3cr3t!;", "Host=db;Username=a;pwd=Kx9-s3cr3t", "cache.example.net:6380,password=Kx9s3cr3tKx9s3cr3t=,ssl=True,abortConnect=False"],
            ["Server=db;User Id=sa;Password=${DB};", "Server=db;Password=;User Id=x", "const password = args.password; const server = args.server;", "if (password==null) { server=null; }", "password=args,ssl=True"]),
        ("jdbc-password", ["jdbc:mysql://h:3306/db?user=root&password=Kx9s3cr3t&useSSL=false", "jdbc:oracle:thin:scott/Kx9s3cr3t@//h:1521/x", "jdbc:sqlserver://h:1433;user=sa;password=Kx9s3cr3t;"],
            ["jdbc:mysql://h/db?user=root&password=${pw}", "jdbc:mysql://h:3306/db?useSSL=false", "jdbc:oracle:thin:@//h:1521/x", "jdbc:mysql://h/db?user=root&password=password"]),
        ("curl-password", ["curl -s -u deploy:Kx9-s3cr3t https://h/x", "curl --user 'deploy:Kx9-s3cr3t' https://h", "curl -X POST \\\n  -u \"a:Kx9s3cr3t\" \\\n  https://h"], ["curl -u deploy https://h", "curl -u \"$USER:$PASS\" https://h", "curl https://h/a:b\nx -u a:bcdefgh", "curl --user <user>:<password> h"]),
        ("basic-header", [$"Authorization: Basic {Login}", $"\"Authorization\": \"basic {Login}\"", $"-H 'Authorization: Basic {Login}'"], ["Basic authentication is required here", "Basic " + Convert.ToBase64String("no colon in this text"u8), "Basic " + Convert.ToBase64String("user:${PASSWORD}"u8)]),
        ("bearer-header", [$"Authorization: Bearer {Key}", $"headers = {{\"Authorization\": \"Bearer {Key}\"}}"], ["Bearer tokens are sent in the header", "Authorization: Bearer ${TOKEN}", "Bearer your_token_1234567890_abcdef", "Authorization: Bearer " + new string('a', 32)]),
        ("docker-auth", ["{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"" + Login + "\"}}}", "{\\\"auth\\\":\\\"" + Login + "\\\"}"], ["{\"auth\": \"basic\"}", "{\"auth\": \"" + Convert.ToBase64String("nothing like that"u8) + "\"}", "{\"author\": \"" + Login + "\"}"]),
        ("npmrc-token", ["//registry.example.org/:_authToken=" + Guid.Parse("5f0c1a52-93b1-4d7e-8a64-2b9d3c7e1f08"), "//r.example.org/:_password=S3g5czNjcjN0UHc=", "_auth=" + Login], ["//registry.example.org/:_authToken=${NPM_TOKEN}", "_authToken = authToken;", "this._password = password;", "_auth=none"]),
        ("netrc-password", ["machine api.example.org\n  login deploy\n  password Kx9-s3cr3t\n", "machine h login u password Kx9s3cr3t"], ["machine learning and a password is here", "machine h login u password ${PW}", "the machine login needs a password today"]),
        ("ini-password", ["[repo]\nrepository = https://r.example.org\nusername = deploy\npassword = Kx9-s3cr3t!\n", "username: deploy\npassword: Kx9s3cr3T5w\n"], ["username = form.username\npassword = form.password\n", "username: string\npassword: string\n", "username = x\npassword = getpass()\n", "username = deploy\npassword = ${PW}\n"]),
        ("password-assignment", ["password = \"Kx9-s3cr3t!\"", "DB_PASSWORD=Summer2024!\n", "\"smtpPassword\": \"aB3x9Zk2\"", "spring.datasource.password=Kx9s3cr3T5w\n", "setPassword(\"Kx9-s3cr3t!\")", "--password Kx9s3cr3T5w", "password: str = 'Tr0ub4dor&3'", "define('DB_PASSWORD', 'Kx9%cr3t!x');", "<password>Kx9-s3cr3T5w!</password>\n", "$db_pass = 'Kx9-s3cr3t!';"],
            ["password = \"password\"", "password = args.password", "password: string;", "password = getPassword()", "PASSWORD=${DB_PASSWORD}", "password = \"changeme123!\"", "passwordField = \"Kx9-s3cr3t!\"", "password_hash = \"$2b$12$abcdefghijklmnopqrstuv\"", "\"password\": \"Enter your password!\"", "password = 'forms.login.password1'", "bypass = \"Kx9-s3cr3t!\"", "--password <password>", "password = \"{{ vault_pw_1! }}\"", "password_file: /run/secrets/db-pw1!", "pass = i + 1; // x"]),
        ("key-assignment", [$"api_key = \"{Key}\"", $"apiKey: '{Key}'", $"SECRET_KEY={Key}", $"SECRET_KEY_BASE={Drawn(128, 5)}", $"private_key = \"{Key}\"", $"x-api-key: {Key}", $"\"encryptionKey\": \"{Drawn(44, 9)}=\"", "access_key = \"" + Convert.ToHexStringLower(Guid.Parse("5f0c1a52-93b1-4d7e-8a64-2b9d3c7e1f08").ToByteArray()) + "\""],
            [$"key = \"{Key}\"", $"public_key = \"{Key}\"", $"cache_key = \"{Key}\"", $"monkey = \"{Key}\"", $"api_key_id = \"{Key}\"", "api_key = \"my-very-long-cache-key-name-2\"", "api_key = \"AuthenticationService2ApiKeyName\"", "api_key = settings.api_key_value_2", "api_key = \"5f0c1a52-93b1-4d7e-8a64-2b9d3c7e1f08\"", "API_KEY = \"YOUR_API_KEY_123456\"", "primary_key = \"" + Key + "\"", "api_key = \"config/keys/api2.key.json\""]),
        ("token-assignment", [$"token = \"{Key}\"", $"authToken: '{Key}'", $"ACCESS_TOKEN={Key}", $"refresh_token = \"{Key}\"", $"?access_token={Key}&x=1"], [$"csrf_token = \"{Key}\"", $"nextPageToken: \"{Key}\"", "token = tokens[12]", "token = \"end_of_line_token_type_2\"", "token: SyntaxToken.Identifier2Expected", $"token_type = \"{Key}\"", "token = \"5f0c1a52-93b1-4d7e-8a64-2b9d3c7e1f08\"", "token = \"d41d8cd98f00b204e9800998ecf8427e\"", "tokenization = \"" + Key + "\""]),
        ("secret-assignment", [$"client_secret = \"{Key}\"", $"secret: {Key}\n", $"APP_SECRET='{Key}'", $"jwtSecret: \"{Key}\""], [$"secret_name = \"{Key}\"", "secret = \"projects/12345/secrets/db-password/versions/2\"", "clientSecret: process.env.CLIENT_SECRET_1", "secretRef = \"" + Key + "\"", "secret = \"arn:aws:secretsmanager:eu-west-1:123:secret:x\""]),
    ];

    public static TheoryData<string, string> Found => Data(c => c.Found);

    public static TheoryData<string, string> Misses => Data(c => c.Misses);

    private static TheoryData<string, string> Data(Func<(string Rule, string[] Found, string[] Misses), string[]> of)
    {
        var data = new TheoryData<string, string>();
        foreach (var one in Cases)
            foreach (var text in of(one)) data.Add(one.Rule, text);
        return data;
    }

    [Theory, MemberData(nameof(Found)), Clause("INT-11")]
    public void It_is_found_by_its_rule(string rule, string text)
    {
        Assert.Equal(rule, SecretSight.Rules(text));
        Assert.Contains(rule, SecretSight.Rules("first line\n" + text + "\nlast line"));
        Assert.Contains(rule, SecretSight.Rules("first line\\n" + text.Replace("\n", "\\n").Replace("\"", "\\\"") + "\\n"));
    }

    [Theory, MemberData(nameof(Misses))]
    public void A_near_miss_is_found_by_no_rule(string rule, string text) => Assert.True(SecretSight.Rules(text) is "", $"{rule}: {text} is taken for {SecretSight.Rules(text)}");

    [Fact]
    public void Every_rule_without_a_table_of_tokens_has_cases_and_near_misses()
    {
        HashSet<string> made = [.. SecretRules.Table.Select(r => r.Id), .. KeyedServices.Table.Select(s => s.Id)];
        var own = SecretSight.Detectors.SelectMany(d => d.Rules).Select(r => r.Id).Where(id => !made.Contains(id));
        Assert.Equal(own.Order(StringComparer.Ordinal), Cases.Where(c => c.Found.Length >= 2 && c.Misses.Length >= 3).Select(c => c.Rule).Order(StringComparer.Ordinal));
    }
}
