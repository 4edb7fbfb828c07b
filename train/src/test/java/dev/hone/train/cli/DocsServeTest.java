package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import dev.hone.train.serve.ModelServer;
import dev.hone.train.serve.ServerSettings;
import dev.hone.train.task.classify.ClassifierTuning;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What the page on serving asks with curl is answered; every route and probe that pages name is one that the server has. */
class DocsServeTest {
  private static final Path PAGE = Pages.ROOT.resolve("docs/serve.md");

  @TempDir
  Path directory;

  private static HttpResponse<String> ask(HttpClient client, ModelServer server, String path, String body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.address() + path));
    request = body == null ? request.GET() : request.POST(HttpRequest.BodyPublishers.ofString(body));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void whatThePageAsksIsAnswered() throws Exception {
    Path decoder = TinyLanguageModel.write(directory.resolve("decoder"));
    Path encoder = TinyModel.write(directory.resolve("encoder"));
    Dataset<Example.Labelled> rows = Dataset.of("memory", List.of(new Example.Labelled("it is good", "positive"),
        new Example.Labelled("it is bad", "negative")));
    ClassifierTuning.lora(encoder, LabelSet.of(rows), LoraConfig.of(2, 4), 1).save(directory.resolve("adapter"));
    try (ModelServer server = ModelServer.open(ServerSettings.onPort(0));
        FeedbackLog log = FeedbackLog.open(directory.resolve("log"), new LogSettings(true, 30, 0, List.of()));
        HttpClient client = HttpClient.newHttpClient()) {
      server.add("DIR", TextGenerator.load(decoder, null));
      server.add("minilm", TextClassifier.load(encoder, directory.resolve("adapter")));
      server.keep(log);
      server.ready();
      String classified = ask(client, server, "/v1/classify", "{\"model\": \"minilm\", \"input\": \"it is good\"}").body();
      String id = JsonMapper.shared().readTree(classified).path("id").asString();
      assertTrue(id.startsWith("classify-"), classified);

      int asked = 0;
      for (Pages.CommandLine command : Pages.commands(PAGE)) {
        if (command.program().equals("curl")) {
          String path = command.words().get(1).replace("http://127.0.0.1:8000", "");
          assertEquals("-d", command.words().get(2));
          HttpResponse<String> answer = ask(client, server, path, command.words().get(3).replaceAll("classify-[0-9a-f.]+", id));
          assertEquals(200, answer.statusCode(), command + "\n" + answer.body());
          assertTrue(!command.words().get(3).contains("\"stream\": true") || answer.body().endsWith("data: [DONE]\n\n"),
              answer.body());
          asked++;
        }
      }
      assertEquals(2, asked);

      for (String route : routes()) {
        String[] words = route.split(" ");
        HttpResponse<String> answer = ask(client, server, words[1].replace("NAME", "DIR"), words[0].equals("GET") ? null : "{}");
        assertFalse(answer.body().contains("\"not_found\""), route + ": " + answer.body());
      }
      JsonNode container = YAMLMapper.builder().build().readTree(Pages.blocks(PAGE).stream()
          .filter(block -> block.language().equals("yaml")
              && block.text().startsWith("containers:")).findFirst().orElseThrow().text()).at("/containers/0");
      for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
        assertEquals(200, ask(client, server, container.path(probe).path("httpGet").path("path").asString(), null).statusCode());
      }
    }
  }

  /** Such as {@code GET /health}; a span with one verb may be followed by spans of other paths. */
  private static Set<String> routes() throws Exception {
    Set<String> routes = new TreeSet<>();
    for (Path page : Pages.all()) {
      String verb = null;
      List<String> spans = new ArrayList<>(Pages.spans(page));
      for (String span : spans) {
        Matcher route = Pattern.compile("(?:(GET|POST) )?(/[a-z_/0-9]+(?:/NAME)?)(?: \\{.*)?").matcher(span);
        verb = !route.matches() ? null : route.group(1) != null ? route.group(1) : verb;
        if (verb != null) {
          routes.add(verb + " " + route.group(2));
        }
      }
    }
    assertTrue(routes.size() > 15, routes.toString());
    return routes;
  }
}
