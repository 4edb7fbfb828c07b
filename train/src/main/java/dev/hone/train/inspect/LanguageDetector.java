package dev.hone.train.inspect;

import java.lang.Character.UnicodeScript;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The writing system of a text, by most of its letters, and for texts in Latin letters the language, by its most frequent
 * words: at least three of them, and more than of any other language; of one letter they count where two longer ones were
 * there, since "s", "o" or "u" are also what is left of words that were cut or written in haste. Short texts often show none.
 */
final class LanguageDetector {
  /** No letters, or no language that shows. */
  static final int NONE = 0;

  private static final Map<String, String> WORDS = Map.ofEntries(
      Map.entry("English", "the and is was of to that it with for this are not you have they were but from what which there "
          + "a in i my on so be as at an or if he she his her we our its very all had has been will would can could just more"
              + " than "
          + "who how when one out up no do does did me your about them their then these"),
      Map.entry("German", "der die das und ist nicht ich zu den mit sich auf für ein eine dem von wir sie auch wird sind"),
      Map.entry("French", "le la les et est des une pas que qui dans pour sur avec ce il elle vous nous sont au du"),
      Map.entry("Spanish", "el la los las y es una que en por con para se del no lo como más pero son muy está"),
      Map.entry("Italian", "il la di che e non una per con sono del della le gli è nel anche più questo ma come si"),
      Map.entry("Portuguese", "o a os as e não uma que em para com é do da um se por mais como mas foi são muito"),
      Map.entry("Dutch", "de het een en is van niet dat ik je zijn met voor op te wij ook maar aan er wordt naar"),
      Map.entry("Swedish", "och att det är en som inte på för med jag av den till har ett vi om kan men var"),
      Map.entry("Polish", "i w nie na się że z do to jest jak po co ale za od tak jego przez był są"),
      Map.entry("Turkish", "ve bir bu için da de ne ile çok daha gibi ama var olan kadar değil sonra olarak"),
      Map.entry("Indonesian", "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada"),
      Map.entry("Czech", "a je se na že v to s z do o jsem jsou ale by jako jeho tak pro není když"));

  private static final List<String> LANGUAGES = WORDS.keySet().stream().sorted().toList();
  private static final Map<String, Integer> LANGUAGES_OF = new HashMap<>(); // bits by word

  static {
    List<String> english = List.of(WORDS.get("English").split(" "));
    for (int l = 0; l < LANGUAGES.size(); l++) {
      for (String word : WORDS.get(LANGUAGES.get(l)).split(" ")) {
        // "a", "do", "to" and their like say nothing about a second language where English is about
        if (LANGUAGES.get(l).equals("English") || !english.contains(word)) {
          LANGUAGES_OF.merge(word, 1 << l, (a, b) -> a | b);
        }
      }
    }
  }

  private static final int MIN_WORDS = 3;
  private static final int LONGEST_WORD = 8;
  /** What is read of a text: the beginning shows as much as all of it. */
  private static final int READ = 4000;

  private static final UnicodeScript[] SCRIPTS = UnicodeScript.values();

  private final int[] letters = new int[SCRIPTS.length];
  private final int[] hits = new int[LANGUAGES.size()];
  private final int[] letterHits = new int[LANGUAGES.size()]; // of words of one letter

  /** The number of the script of most letters; {@link #NONE} if there are no letters. */
  int script(String text) {
    int end = Math.min(text.length(), READ);
    int latin = 0;
    boolean others = false;
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        latin += (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? 1 : 0;
      } else {
        int point = text.codePointAt(i);
        i += Character.charCount(point) - 1;
        if (Character.isLetter(point)) {
          UnicodeScript script = UnicodeScript.of(point);
          if (script != UnicodeScript.COMMON && script != UnicodeScript.INHERITED && script != UnicodeScript.UNKNOWN) {
            letters[script.ordinal()]++;
            others = true;
          }
        }
      }
    }
    if (!others) {
      return latin == 0 ? NONE : UnicodeScript.LATIN.ordinal() + 1;
    }
    letters[UnicodeScript.LATIN.ordinal()] += latin;
    int most = 0;
    for (int s = 0; s < letters.length; s++) {
      most = letters[s] > letters[most] ? s : most;
    }
    int best = letters[most] == 0 ? NONE : most + 1;
    Arrays.fill(letters, 0);
    return best;
  }

  /** The number of the language of a text in Latin letters; {@link #NONE} if none shows. */
  int language(String text) {
    Arrays.fill(hits, 0);
    Arrays.fill(letterHits, 0);
    int end = Math.min(text.length(), READ);
    int start = -1;
    for (int i = 0; i <= end; i++) {
      boolean letter = i < end && (Character.isLetter(text.charAt(i)) || start >= 0 && isInside(text, i, end));
      if (letter && start < 0) {
        start = i;
      } else if (!letter && start >= 0) {
        if (i - start <= LONGEST_WORD) {
          count(text.substring(start, i).toLowerCase(Locale.ROOT));
        }
        start = -1;
      }
    }
    for (int l = 0; l < hits.length; l++) {
      hits[l] += hits[l] >= 2 || LANGUAGES.get(l).equals("English") ? letterHits[l] : 0;
    }
    int best = 0;
    int second = 0;
    for (int l = 1; l < hits.length; l++) {
      if (hits[l] > hits[best]) {
        second = hits[best];
        best = l;
      } else {
        second = Math.max(second, hits[l]);
      }
    }
    return hits[best] >= MIN_WORDS && hits[best] > second ? best + 1 : NONE;
  }

  /** Whether there is an apostrophe between letters, as in "it's", which is one word. */
  private static boolean isInside(String text, int i, int end) {
    return (text.charAt(i) == '\'' || text.charAt(i) == '\u2019') && i + 1 < end && Character.isLetter(text.charAt(i + 1));
  }

  private void count(String word) {
    int languages = LANGUAGES_OF.getOrDefault(word, 0);
    int[] counts = word.length() == 1 ? letterHits : hits;
    for (int l = 0; languages != 0; l++, languages >>>= 1) {
      counts[l] += languages & 1;
    }
  }

  /** How many numbers of scripts there are. */
  static int scripts() {
    return SCRIPTS.length + 1;
  }

  /** How many numbers of languages there are. */
  static int languages() {
    return LANGUAGES.size() + 1;
  }

  /** The name of a script. */
  static String scriptName(int number) {
    if (number == NONE) {
      return "no letters";
    }
    String name = SCRIPTS[number - 1].name().replace('_', ' ').toLowerCase(Locale.ROOT);
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }

  /** The name of a language. */
  static String languageName(int number) {
    return number == NONE ? "not clear" : LANGUAGES.get(number - 1);
  }
}
