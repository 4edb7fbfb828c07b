package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Pieces;
import dev.hone.tokenizer.unicode.Scripts;
import java.lang.Character.UnicodeScript;

/** Cuts where the script changes. Kana count as Han, and a space or a character
 * without script belongs to whatever is around it. */
public record UnicodeScripts() implements PreTokenizer {
  private static final int PROLONGED_SOUND_MARK = 0x30FC;

  @Override
  public void apply(Pieces pieces) {
    pieces.split(UnicodeScripts::split);
  }

  private static void split(AlignedText text, int from, int to, Pieces out) {
    char[] chars = text.chars();
    int start = -1;
    UnicodeScript last = null;
    for (int i = from; i < to; ) {
      int c = Character.codePointAt(chars, i, to);
      UnicodeScript script = script(c);
      if (script != null && script != last) {
        // What comes before the first script belong to no piece, as in the reference.
        if (start >= 0) {
          out.add(start, i);
        }
        start = i;
        last = script;
      }
      i += Character.charCount(c);
    }
    if (start >= 0) {
      out.add(start, to);
    }
  }

  private static UnicodeScript script(int c) {
    if (c == ' ') {
      return null;
    }
    if (c == PROLONGED_SOUND_MARK) {
      return UnicodeScript.HAN;
    }
    UnicodeScript script = Scripts.of(c);
    return script == UnicodeScript.HIRAGANA || script == UnicodeScript.KATAKANA ? UnicodeScript.HAN : script;
  }
}
