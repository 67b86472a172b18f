// Every kind of number that is looked for, in families by what they are for and where. A new one is a line in one of them. IBANs, addresses of mail and telephones have files of their own.
namespace CabinCrew.Governance.Detection.Personal;

internal static class PersonalRules
{
    public static readonly PersonalRule[] Table = [.. Cards.Rules, .. NorthernIds.Rules, .. SouthernIds.Rules, .. AmericanIds.Rules, .. AsianIds.Rules, .. Contacts.Rules];
}
