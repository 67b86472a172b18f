// What is a person's only because a word beside it says so: days of birth, numbers of passports and of driving licences.
using static CabinCrew.Governance.Detection.Personal.CheckDigits;

namespace CabinCrew.Governance.Detection.Personal;

internal static class Contacts
{
    public const string Birth = "birth-date";

    public static readonly PersonalRule[] Rules =
    [
        new(Birth, "a person's date of birth", IsBirth)
        {
            NearForms = ["dddd-dd-dd", "dddd-dd-ddLdd:", "dddd/dd/dd", "dddd.dd.dd", "dd/dd/dddd", "dd.dd.dddd", "dd-dd-dddd"],
            Words = ["date of birth", "birth date", "birthdate", "birth_date", "birth-date", "birthday", "date_of_birth", "dateofbirth", "date-of-birth", "dob", "born on", "born", "geburtsdatum", "geboren", "geb.", "naissance", "nacimiento", "nascimento", "nascita", "geboortedatum", "urodzenia", "syntym"],
        },
        new("passport", "the number of a passport", n => IsVaried(n))
        {
            NearForms = ["ddddddddd", "dddddddd", "Ldddddddd", "LLddddddd", "Lddddddd", "LLdddddd", "ddLLddddd", "LdddddddL"],
            Words = ["passport", "passeport", "pasaporte", "passaporto", "passaporte", "reisepass", "paspoort", "paszport", "passnummer"],
        },
        new("uk-driving-licence", "a British driving licence number", n => IsDay((int)Number(n.Slice(6, 2)) % 50, (int)Number(n.Slice(8, 2))))
        {
            NearForms = ["LLLLLddddddLLdLL", "LLLLLddddddLLLLL", "LLLLLddddddLdLLL", "LLLLLddddddLddLL"], Words = ["driving licence", "driving license", "driver licence", "driver license", "drivers license", "driver's", "licence number", "license number", "dvla"],
        },
    ];

    private static bool IsBirth(ReadOnlySpan<char> n)
    {
        if (n.Length > 8) n = n[..8];
        // The year first, or last; day and month in either order.
        var (year, one, two) = Number(n[..4]) is >= 1900 and <= 2035 ? (Number(n[..4]), Number(n.Slice(4, 2)), Number(n.Slice(6, 2))) : (Number(n[4..]), Number(n[..2]), Number(n.Slice(2, 2)));
        return year is >= 1900 and <= 2035 && (IsDay((int)one, (int)two) || IsDay((int)two, (int)one));
    }
}
