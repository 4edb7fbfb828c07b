import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * People who ask a running {@code hone serve} for labels and say which ones are wrong, as far as a program can stand in for them.
 * <pre>
 * java Visitors.java --server http://127.0.0.1:8000 --model champion --data rows.tsv [--correct 100] [--praise 2] [--swapped]
 * </pre>
 * Rows are {@code text TAB label}. Each text is asked for alone. The first {@code --correct} answers that are wrong are
 * corrected; after each, the next {@code --praise} right answers with the label that was wrong there are called good; with {@code
 * --swapped} the first so many that are right are called wrong. Prints the share that was right.
 */
public final class Visitors {
  private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]+)\"");
  private static final Pattern LABEL = Pattern.compile("\"label\":\"([^\"]+)\"");

  private Visitors() {}

  public static void main(String[] arguments) throws IOException {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      String name = arguments[i];
      given.put(name, name.equals("--swapped") ? "" : arguments[++i]);
    }
    String server = given.get("--server");
    String model = given.get("--model");
    int corrections = Integer.parseInt(given.getOrDefault("--correct", "0"));
    boolean swapped = given.containsKey("--swapped");
    int praise = Integer.parseInt(given.getOrDefault("--praise", "0"));
    List<String[]> rows = rows(Path.of(given.get("--data")));
    List<String> labels = rows.stream().map(row -> row[1]).distinct().sorted().toList();
    int right = 0;
    int said = 0;
    Map<String, Integer> owed = new HashMap<>(); // praise of answers, by label
    int praised = 0;
    for (String[] row : rows) {
      String answer = post(server + "/v1/classify", "{\"model\": " + quoted(model) + ", \"input\": " + quoted(row[0]) + "}");
      String label = find(LABEL, answer);
      boolean isRight = label.equals(row[1]);
      right += isRight ? 1 : 0;
      if (said < corrections && isRight == swapped) {
        String other = swapped ? labels.get(1 - labels.indexOf(label)) : row[1];
        post(server + "/v1/feedback", "{\"id\": " + quoted(find(ID, answer)) + ", \"label\": " + quoted(other) + "}");
        said++;
        owed.merge(label, praise, Integer::sum);
      } else if (isRight && owed.getOrDefault(label, 0) > 0) {
        post(server + "/v1/feedback", "{\"id\": " + quoted(find(ID, answer)) + ", \"score\": 1}");
        owed.merge(label, -1, Integer::sum);
        praised++;
      }
    }
    System.out.printf(Locale.ROOT, "%d texts, %.3f right, %d corrected%s, %d called good%n", rows.size(),
        right / (double) rows.size(), said, swapped ? " the wrong way" : "", praised);
  }

  private static List<String[]> rows(Path file) throws IOException {
    List<String[]> rows = new ArrayList<>();
    for (String line : Files.readString(file).split("\n")) {
      int tab = line.lastIndexOf('\t');
      rows.add(new String[] {line.substring(0, tab), line.substring(tab + 1)});
    }
    return rows;
  }

  private static String post(String address, String json) throws IOException {
    HttpURLConnection call = (HttpURLConnection) URI.create(address).toURL().openConnection();
    call.setDoOutput(true);
    call.setRequestProperty("Content-Type", "application/json");
    call.getOutputStream().write(json.getBytes(StandardCharsets.UTF_8));
    if (call.getResponseCode() != 200) {
      throw new IOException(address + ": status " + call.getResponseCode());
    }
    try (BufferedReader body = new BufferedReader(new InputStreamReader(call.getInputStream(), StandardCharsets.UTF_8))) {
      return String.join("\n", body.lines().toList());
    }
  }

  private static String find(Pattern pattern, String json) throws IOException {
    Matcher found = pattern.matcher(json);
    if (!found.find()) {
      throw new IOException("an answer without " + pattern + ": " + json);
    }
    return found.group(1);
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
