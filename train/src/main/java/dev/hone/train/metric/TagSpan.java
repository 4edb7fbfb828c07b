package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Words that belong together, as tags say it: {@code B-PER I-PER O} is a span of type PER over words 0 and 1.
 *
 * @param type what it is; {@code _} of tags without a type
 * @param first its first word
 * @param last its last word
 */
public record TagSpan(String type, int first, int last) {
  private static final String UNTYPED = "_";

  /**
   * The spans of tags by the rule of the CoNLL script: one begins at B, at I after O, and wherever the type changes.
   *
   * @param tags of BIO or BILOU
   */
  public static List<TagSpan> of(List<String> tags) {
    List<TagSpan> spans = new ArrayList<>();
    char before = 'O';
    String typeBefore = "";
    int start = 0;
    for (int i = 0; i <= tags.size(); i++) {
      char prefix = i == tags.size() ? 'O' : prefix(tags.get(i));
      String type = i == tags.size() ? UNTYPED : type(tags.get(i));
      if (before != 'O' && (prefix != 'I' || !type.equals(typeBefore))) {
        spans.add(new TagSpan(typeBefore, start, i - 1));
      }
      if (prefix == 'B' || prefix == 'I' && before == 'O' || prefix != 'O' && !type.equals(typeBefore)) {
        start = i;
      }
      before = prefix;
      typeBefore = type;
    }
    return spans;
  }

  /** The spans that begin with B and go on with I of the same type; every other I is outside. */
  public static List<TagSpan> strict(List<String> tags) {
    List<TagSpan> spans = new ArrayList<>();
    for (int i = 0; i < tags.size(); i++) {
      if (prefix(tags.get(i)) == 'B') {
        int end = i + 1;
        while (end < tags.size() && prefix(tags.get(end)) == 'I' && type(tags.get(end)).equals(type(tags.get(i)))) {
          end++;
        }
        spans.add(new TagSpan(type(tags.get(i)), i, end - 1));
        i = end - 1;
      }
    }
    return spans;
  }

  /** The place of a tag in its span: B, I or O. Of BILOU and IOBES, U and S are B, and L and E are I. */
  public static char prefix(String tag) {
    return tag.length() > 1 && tag.charAt(1) != '-' ? 'O' : switch (tag.charAt(0)) {
      case 'B', 'U', 'S' -> 'B';
      case 'I', 'L', 'E' -> 'I';
      default -> 'O';
    };
  }

  /** The type in a tag: all behind the first dash. */
  public static String type(String tag) {
    int dash = tag.indexOf('-');
    return dash < 0 || dash == tag.length() - 1 ? UNTYPED : tag.substring(dash + 1);
  }

  /** Tags of spans over so many words, in BIO. */
  public static List<String> tags(List<TagSpan> spans, int words) {
    List<String> tags = new ArrayList<>(Collections.nCopies(words, "O"));
    for (TagSpan span : spans) {
      for (int i = span.first; i <= span.last; i++) {
        tags.set(i, (i == span.first ? "B" : "I") + (span.type.equals(UNTYPED) ? "" : "-" + span.type));
      }
    }
    return tags;
  }
}
