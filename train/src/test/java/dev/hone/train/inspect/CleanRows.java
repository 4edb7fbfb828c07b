package dev.hone.train.inspect;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.List;

/** Sentences without a fault: English, all different, of usual length. */
final class CleanRows {
  private static final String[] WHO = {"my sister", "the old baker", "a quiet teacher", "our neighbour", "the young pilot",
      "his uncle", "this gardener", "her best friend", "the new doctor", "a tired farmer", "the postman", "your cousin"};
  private static final String[] DID = {"bought", "repaired", "painted", "lost", "found", "sold", "carried", "cleaned",
      "described",
      "borrowed", "hid", "broke", "wanted", "forgot", "photographed"};
  private static final String[] WHAT = {"a red bicycle", "the kitchen table", "some warm bread", "an old radio",
      "the garden fence",
      "a heavy suitcase", "two silver spoons", "the broken window", "a wooden boat", "their winter coats", "a small telescope"};
  private static final String[] WHERE = {"behind the station", "near the river", "in the market", "at the harbour",
      "under the bridge", "on the mountain", "before breakfast", "after the concert", "during the storm", "without any help"};
  private static final String[] WHY = {"because it was cheap", "and nobody noticed", "but it did not last",
      "which was a surprise",
      "so that we could leave", "although it was raining", "and everyone laughed", "as the rules demand",
          "to please the children"};

  private CleanRows() {}

  /** So many sentences, of which no two share all but one of their parts. */
  static List<String> sentences(int n) {
    Philox random = new Philox(7, 3);
    List<int[]> chosen = new ArrayList<>();
    for (int draw = 0; chosen.size() < n; draw++) {
      int[] parts = {random.below(5 * draw, WHO.length), random.below(5 * draw + 1, DID.length), random.below(5 * draw + 2,
          WHAT.length),
          random.below(5 * draw + 3, WHERE.length), random.below(5 * draw + 4, WHY.length)};
      if (chosen.stream().allMatch(other -> shared(parts, other) < 3)) {
        chosen.add(parts);
      }
    }
    return chosen.stream().map(p -> WHO[p[0]] + " " + DID[p[1]] + " " + WHAT[p[2]] + " " + WHERE[p[3]] + " "
        + WHY[p[4]]).toList();
  }

  private static int shared(int[] a, int[] b) {
    int same = 0;
    for (int i = 0; i < a.length; i++) {
      same += a[i] == b[i] ? 1 : 0;
    }
    return same;
  }

  /** The lines of a CSV file with a header and two labels, so that row i of the list is line i + 2 of the file. */
  static List<String> labelled(int n) {
    List<String> rows = new ArrayList<>();
    List<String> sentences = sentences(n);
    for (int i = 0; i < n; i++) {
      rows.add(sentences.get(i) + "," + (i % 2 == 0 ? "up" : "down"));
    }
    return rows;
  }

  /** Lines of prompts and completions as JSON. */
  static List<String> completions(int n) {
    List<String> sentences = sentences(2 * n);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(completion(sentences.get(2 * i), " " + sentences.get(2 * i + 1)));
    }
    return rows;
  }

  static String completion(String prompt, String completion) {
    return "{\"prompt\": \"" + prompt + "\", \"completion\": \"" + completion + "\"}";
  }

  /** Lines of conversations as JSON. */
  static List<String> chats(int n) {
    List<String> sentences = sentences(2 * n);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(chat(sentences.get(2 * i), sentences.get(2 * i + 1)));
    }
    return rows;
  }

  static String chat(String user, String assistant) {
    return "{\"messages\": [{\"role\": \"user\", \"content\": \"" + user + "\"}, {\"role\": \"assistant\", \"content\": \""
        + assistant
        + "\"}]}";
  }
}
