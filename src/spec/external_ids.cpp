#include "spec/external_ids.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/text.hpp"

namespace convoke::spec {

namespace {

// The error values of Excel and LibreOffice in 17 languages. Source: the translations of HyperFormula, src/i18n/languages at commit
// 9a510a2acb97; #NULL! and its translations, #NAME?, #GETTING_DATA and the later values are those of Excel.
constexpr std::array<std::string_view, 92> error_values{
    "#N/A",
    "#NA",
    "#N/D",
    "#NV",
    "#I/T",
    "#N/B",
    "#YOK",
    "#HIÁNYZIK",
    "#Н/Д",
    "#NULL!",
    "#NULO!",
    "#¡NULO!",
    "#NULLO!",
    "#NUL!",
    "#NULLA!",
    "#DIV/0!",
    "#¡DIV/0!",
    "#DIVISION/0!",
    "#DELING.DOOR.0!",
    "#DEEL/0!",
    "#DZIEL/0!",
    "#JAKO/0!",
    "#SAYI/0!",
    "#ДЕЛ/0!",
    "#ZÉRÓOSZTÓ!",
    "#DĚLENÍ_NULOU!",
    "#VALUE!",
    "#WERT!",
    "#VALEUR!",
    "#VALOR!",
    "#¡VALOR!",
    "#VALORE!",
    "#WAARDE!",
    "#VERDI!",
    "#VÆRDI!",
    "#VÄRDEFEL!",
    "#ARVO!",
    "#ARG!",
    "#HODNOTA!",
    "#ÉRTÉK!",
    "#DEĞER!",
    "#ЗНАЧ!",
    "#REF!",
    "#¡REF!",
    "#BEZUG!",
    "#RIF!",
    "#VERW!",
    "#REFERENCE!",
    "#REFERENS!",
    "#VIITTAUS!",
    "#ADR!",
    "#ODKAZ!",
    "#HIV!",
    "#BAŞV!",
    "#ССЫЛКА!",
    "#NAME?",
    "#NOM?",
    "#NOMBRE?",
    "#¿NOMBRE?",
    "#NOME?",
    "#NAAM?",
    "#NAVN?",
    "#NAMN?",
    "#NIMI?",
    "#NAZWA?",
    "#NÁZEV?",
    "#NÉV?",
    "#AD?",
    "#ИМЯ?",
    "#NUM!",
    "#NÚM!",
    "#¡NUM!",
    "#NUMMER!",
    "#ZAHL!",
    "#NOMBRE!",
    "#GETAL!",
    "#OGILTIGT!",
    "#LUKU!",
    "#LICZBA!",
    "#ČÍSLO!",
    "#SZÁM!",
    "#SAYI!",
    "#ЧИСЛО!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#BUSY!",
    "#GETTING_DATA",
    "#NENÍ_K_DISPOZICI",
    "#SAKNAS!",
    "#PUUTTUU!",
};

// Words that programs and people write where a value is missing. Source of those of programs: na_values of pandas.read_csv.
constexpr std::array<std::string_view, 27> null_words{
    "null",  "(null)", "<null>", "nil", "none", "nan",    "-nan",   "na",   "n/a",     "<na>", "nat", "undefined", "unknown", "missing",
    "empty", "blank",  "tbd",    "tba", "tbc",  "t.b.d.", "t.b.a.", "todo", "pending", "-",    "--",  "?",         "???",
};

// `#`, then capitals, digits and what stands between them, then `!` or `?`.
bool looks_like_error(std::string_view cell) noexcept {
  if (cell.size() < 4 || (cell.back() != '!' && cell.back() != '?')) return false;
  return std::ranges::all_of(cell.substr(1, cell.size() - 2), [](char c) {
    return (c >= 'A' && c <= 'Z') || core::ascii_digit(c) || c == '/' || c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
  });
}

std::size_t digits_at(std::string_view text) noexcept {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// `2.02631E+11`: spreadsheets always write the sign. Without a decimal mark and without a plus it may be a name: `1E5`.
bool scientific(std::string_view cell) noexcept {
  const std::size_t whole = digits_at(cell);
  if (whole == 0) return false;
  cell.remove_prefix(whole);
  bool sure = false;
  if (!cell.empty() && (cell.front() == '.' || cell.front() == ',')) {
    const std::size_t part = digits_at(cell.substr(1));
    if (part == 0) return false;
    cell.remove_prefix(1 + part);
    sure = true;
  }
  if (cell.empty() || core::ascii_lower(cell.front()) != 'e') return false;
  cell.remove_prefix(1);
  if (!cell.empty() && (cell.front() == '+' || cell.front() == '-')) {
    sure = sure || cell.front() == '+';
    cell.remove_prefix(1);
  }
  return sure && !cell.empty() && digits_at(cell) == cell.size();
}

}  // namespace

const char* spreadsheet_damage(std::string_view cell, cell_use use) noexcept {
  if (cell.empty()) return nullptr;
  if (cell.front() == '#') {
    const bool known = std::ranges::any_of(error_values, [cell](std::string_view word) { return core::equal_ignoring_case(word, cell); });
    if (known || (use == cell_use::external_id && looks_like_error(cell)))
      return "is the error value of a formula; correct it in the spreadsheet and export the file again";
    if (cell.size() >= 3 && cell.find_first_not_of('#') == std::string_view::npos)
      return "is what a spreadsheet shows where a column is too narrow for its value; widen the column and export the file again";
  } else if (cell.size() >= 3 && cell.starts_with("=\"") && cell.back() == '"') {
    return "is a formula around a text; write the text alone, without the equals sign and the quotation marks";
  }
  return nullptr;
}

std::optional<input_warning_kind> doubtful_id(std::string_view cell) noexcept {
  if (cell.empty()) return std::nullopt;
  if (cell.front() == '\'') return input_warning_kind::id_apostrophe;
  if (core::ascii_digit(cell.front())) return scientific(cell) ? std::optional(input_warning_kind::id_scientific) : std::nullopt;
  constexpr std::size_t longest = 9;
  if (cell.size() > longest) return std::nullopt;
  const bool null = std::ranges::any_of(null_words, [cell](std::string_view word) { return core::equal_ignoring_case(word, cell); });
  return null ? std::optional(input_warning_kind::id_null_word) : std::nullopt;
}

bool decimal_id(std::string_view cell) noexcept {
  return cell.size() > 2 && cell.ends_with(".0") && digits_at(cell) == cell.size() - 2;
}

}  // namespace convoke::spec
