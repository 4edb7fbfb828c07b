package dev.hone.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * Sentences with invented people (PER), firms (ORG), places (LOC) and goods (PROD), whose first words end as others of their kind
 * do, second ones as they like: 1,600 to learn from and 400 to measure by, as CoNLL files. No sentence pattern and no word of a
 * name of the second part occurs in the first, which is checked.
 */
final class TagSentences {
  private static final int TRAINING = 1600;
  private static final int TEST = 400;
  /** Names of a kind that sentences to learn from choose among. */
  private static final int KNOWN = 300;
  private static final List<String> SYLLABLES = List.of("mar", "vek", "to", "lun", "da", "sil", "ber", "ok", "ran", "thi", "el",
      "gor", "ni", "pas", "ter", "ul", "wen", "hal", "dri", "cor", "mi", "zan", "fel", "ost", "ka", "ren", "bal", "ti", "sor",
      "vin");
  private static final List<String> KINDS = List.of("PER", "ORG", "LOC", "PROD");
  /** What names of each kind like to end with. */
  private static final List<List<String>> ENDINGS = List.of(List.of("son", "ette", "ius"), List.of("tec", "dyne", "corp"),
      List.of("burg", "stad", "mere"), List.of("matic", "ix", "phone"));
  private static final List<String> LEARNT = List.of(
      "{PER} moved to {LOC} last year .", "{PER} and {PER} met in {LOC} .", "the new office of {ORG} is in {LOC} .",
      "{ORG} has sold its shares in {ORG} .", "{PER} , who works for {ORG} , was not asked .",
      "a train from {LOC} to {LOC} was late .",
      "the {PROD} was not as good as the {PROD} .", "{ORG} will stop making the {PROD} in May .",
      "she bought a {PROD} from {ORG} .",
      "we drove through {LOC} in the rain .", "my neighbour {PER} owns a {PROD} .", "people in {LOC} do not trust {ORG} .",
      "{PER} has been the head of {ORG} since 2011 .", "{PER} was born in {LOC} and died in {LOC} .",
      "yesterday {PER} lost her keys .",
      "the mayor of {LOC} wrote a letter to {PER} .", "{ORG} hired 40 people in {LOC} .", "the price of the {PROD} fell again .",
      "an engineer at {ORG} opened the {PROD} and laughed .", "is the {PROD} sold in {LOC} ?", "did {PER} call you back ?",
      "{LOC} is two hours north of {LOC} .", "workers of {ORG} are on strike .", "{PER} gave his {PROD} to {PER} .",
      "the river near {LOC} is frozen .", "nobody at {ORG} answered the phone .", "according to {PER} , {ORG} owes him money .",
      "{ORG} and {ORG} want to merge .", "the {PROD} comes with a charger and a bag .", "in {LOC} , winter begins in October .",
      "{PER} sings better than {PER} .", "the court ordered {ORG} to pay {PER} .", "our flight to {LOC} leaves at noon .",
      "the screen of my {PROD} is broken .", "{PER} said nothing .", "{ORG} said that profits rose by 4 % .",
      "the old harbour of {LOC} was painted by {PER} .", "i returned the {PROD} after two days .",
      "the meeting with {PER} was moved to Friday .", "a report by {ORG} names {LOC} the cheapest town .",
      "the bridge was built by {ORG} .", "after lunch the children of {PER} went swimming .", "they grow apples around {LOC} .",
      "the {PROD} weighs less than a book .", "shares of {ORG} fell , and {PER} resigned .", "nothing was found .",
      "the shop was closed on Monday , as always .", "it rained for three days .");
  private static final List<String> UNSEEN = List.of(
      "{PER} grew up in {LOC} .", "{ORG} opened a branch in {LOC} .", "we asked {PER} about the {PROD} .",
      "the warranty for the {PROD} has ended .", "{PER} left {ORG} for {ORG} .", "a storm hit {LOC} on Sunday .",
      "the director of {ORG} , {PER} , refused to comment .", "can you recommend the {PROD} ?", "the road to {LOC} is closed .",
      "{PER} married {PER} in June .", "customers complain about {ORG} and its {PROD} .",
      "between {LOC} and {LOC} there is no bus .",
      "a spokesman for {ORG} denied it .", "{PER} plays the violin .", "{LOC} beat {LOC} by two goals .",
      "please send the {PROD} back to {ORG} .", "the film shows how {PER} escaped from {LOC} .", "{ORG} is for sale .",
      "when the {PROD} arrived , {PER} was out .", "half of {LOC} has no electricity .", "thank you , {PER} .",
      "{ORG} launched the {PROD} in {LOC} .", "no seats were left .", "the lawyers of {PER} sued {ORG} .");
  /** What firms add to their names; each part has its own. */
  private static final List<List<String>> FIRMS = List.of(List.of("Works", "Group", "Ltd"), List.of("Brothers", "Partners",
      "Inc"));

  private final Random random;
  private final Set<String> words = new HashSet<>();

  private TagSentences(long seed) {
    random = new Random(seed);
  }

  /** Writes {@code tag-train.conll} and {@code tag-test.conll}. */
  static void write(Path directory, long seed) throws IOException {
    TagSentences made = new TagSentences(seed);
    Set<String> learnt = made.part(directory.resolve("tag-train.conll"), LEARNT, FIRMS.get(0), KNOWN, TRAINING);
    Set<String> unseen = made.part(directory.resolve("tag-test.conll"), UNSEEN, FIRMS.get(1), TEST, TEST);
    for (String word : unseen) {
      if (learnt.contains(word)) {
        throw new IllegalStateException("the name " + word + " is in both parts");
      }
    }
    if (LEARNT.stream().anyMatch(UNSEEN::contains)) {
      throw new IllegalStateException("a pattern is in both parts");
    }
  }

  /** Returns the words of names, in small letters. */
  private Set<String> part(Path file, List<String> patterns, List<String> firms, int names, int sentences) throws IOException {
    List<List<List<String>>> known = new ArrayList<>();
    Set<String> used = new LinkedHashSet<>();
    for (String kind : KINDS) {
      List<List<String>> pool = new ArrayList<>();
      for (int i = 0; i < names; i++) {
        pool.add(name(kind, firms));
        pool.getLast().forEach(word -> used.add(word.toLowerCase(Locale.ROOT)));
      }
      known.add(pool);
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < sentences; i++) {
      for (String word : patterns.get(i % patterns.size()).split(" ")) {
        if (!word.startsWith("{")) {
          out.append(word).append(" O\n");
          continue;
        }
        String kind = word.substring(1, word.length() - 1);
        List<List<String>> pool = known.get(KINDS.indexOf(kind));
        String tag = "B-";
        for (String part : pool.get(random.nextInt(pool.size()))) {
          out.append(part).append(' ').append(tag).append(kind).append('\n');
          tag = "I-";
        }
      }
      out.append('\n');
    }
    Files.writeString(file, out);
    return used;
  }

  /** One word or two of any kind; goods may have a number, firms a word of theirs. */
  private List<String> name(String kind, List<String> firms) {
    List<String> name = new ArrayList<>(List.of(word(kind)));
    int dice = random.nextInt(10);
    if (dice < 3) {
      name.add(word(null));
    } else if (kind.equals("ORG") && dice < 5) {
      name.add(firms.get(random.nextInt(firms.size())));
    } else if (kind.equals("PROD") && dice < 5) {
      String number = Integer.toString(random.nextInt(2, 9000));
      name.add(words.add(number) ? number : word(null));
    }
    return name;
  }

  /** A word that was not made before, with an ending of a kind unless that is null. */
  private String word(String kind) {
    while (true) {
      StringBuilder made = new StringBuilder();
      for (int i = 2 + random.nextInt(2); i > 0; i--) {
        made.append(SYLLABLES.get(random.nextInt(SYLLABLES.size())));
      }
      if (kind != null) {
        List<String> endings = ENDINGS.get(KINDS.indexOf(kind));
        made.append(endings.get(random.nextInt(endings.size())));
      }
      if (words.add(made.toString())) {
        return Character.toUpperCase(made.charAt(0)) + made.substring(1);
      }
    }
  }
}
