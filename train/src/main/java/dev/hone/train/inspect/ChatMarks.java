package dev.hone.train.inspect;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Marks by which chat templates tell speakers apart, by family. A set of families is a number with a bit for each. */
final class ChatMarks {
  /**
   * A family of templates.
   *
   * @param name what messages call it
   * @param special whether its marks are tokens of a vocabulary, so that other models read them as letters
   * @param marks texts that do not occur otherwise
   */
  private record Family(String name, boolean special, List<String> marks) {}

  private static final List<Family> FAMILIES = List.of(
      new Family("ChatML", true, List.of("<|im_start|>", "<|im_end|>")),
      new Family("Llama 3", true, List.of("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>")),
      new Family("Llama 2", false, List.of("[INST]", "[/INST]", "<<SYS>>")),
      new Family("Gemma", true, List.of("<start_of_turn>", "<end_of_turn>")),
      new Family("Phi-3 or Zephyr", true, List.of("<|user|>", "<|assistant|>", "<|system|>")),
      new Family("harmony", true, List.of("<|start|>", "<|message|>", "<|channel|>")),
      new Family("DeepSeek", true, List.of("<\uFF5CUser\uFF5C>", "<\uFF5CAssistant\uFF5C>")),
      new Family("Command R", true, List.of("<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>")),
      new Family("Alpaca", false, List.of("### Instruction:", "### Response:")));

  /** Families whose marks are tokens of a vocabulary. */
  static final int SPECIAL = mask(family -> family.special);

  /** Texts that stand for the beginning of a sequence in one vocabulary or another. */
  private static final Set<String> BEGINNINGS = Set.of("<s>", "<|begin_of_text|>", "<bos>", "[CLS]", "<|startoftext|>");

  private ChatMarks() {}

  private static int mask(Predicate<Family> which) {
    int mask = 0;
    for (int f = 0; f < FAMILIES.size(); f++) {
      mask |= which.test(FAMILIES.get(f)) ? 1 << f : 0;
    }
    return mask;
  }

  /** The families of which a text has marks. */
  static int in(String text) {
    if (text.indexOf('<') < 0 && text.indexOf('[') < 0 && text.indexOf('#') < 0) {
      return 0;
    }
    return mask(family -> family.marks.stream().anyMatch(text::contains));
  }

  /** The families of which a vocabulary or a template has marks. */
  static int known(Predicate<String> hasMark) {
    return mask(family -> family.marks.stream().anyMatch(hasMark));
  }

  /** The first mark of these families in a text. */
  static String mark(String text, int families) {
    for (int f = 0; f < FAMILIES.size(); f++) {
      if ((families & 1 << f) != 0) {
        for (String mark : FAMILIES.get(f).marks) {
          if (text.contains(mark)) {
            return mark;
          }
        }
      }
    }
    return "";
  }

  /** The names of families. */
  static String names(int families) {
    List<String> names = new ArrayList<>();
    for (int f = 0; f < FAMILIES.size(); f++) {
      if ((families & 1 << f) != 0) {
        names.add(FAMILIES.get(f).name);
      }
    }
    return String.join(", ", names);
  }

  /** The beginning of a sequence that a text spells out at its start, or null. */
  static String beginning(String text) {
    for (String begin : BEGINNINGS) {
      if (text.startsWith(begin)) {
        return begin;
      }
    }
    return null;
  }
}
