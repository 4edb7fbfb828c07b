package dev.hone.train.source.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
  @TempDir
  Path root;

  private static HubSettings of(String... pairs) throws HubException {
    Map<String, String> environment = new HashMap<>(Map.of("HOME", "/home/u"));
    for (int i = 0; i < pairs.length; i += 2) {
      environment.put(pairs[i], pairs[i + 1]);
    }
    return HubSettings.of(environment::get);
  }

  @Test
  void theCacheIsWherePythonHasIt() throws HubException {
    assertEquals(Path.of("/home/u/.cache/huggingface/hub"), of().cache());
    assertEquals(Path.of("/x/huggingface/hub"), of("XDG_CACHE_HOME", "/x").cache());
    assertEquals(Path.of("/h/hub"), of("HF_HOME", "/h", "XDG_CACHE_HOME", "/x").cache());
    assertEquals(Path.of("/home/u/h/hub"), of("HF_HOME", "~/h").cache());
    assertEquals(Path.of("/c"), of("HF_HUB_CACHE", "/c", "HUGGINGFACE_HUB_CACHE", "/old", "HF_HOME", "/h").cache());
    assertEquals(Path.of("/old"), of("HUGGINGFACE_HUB_CACHE", "/old").cache());
    assertEquals(Path.of("/h/hone-modelscope"), of("HF_HOME", "/h", "HONE_HUB", "modelscope").cache());
  }

  @Test
  void theTokenComesFromTheEnvironmentElseFromItsFile() throws IOException {
    Path home = Files.createDirectory(root.resolve("home"));
    assertNull(of("HF_HOME", home.toString()).token());
    Files.writeString(home.resolve("token"), "hf_file\n");
    assertEquals("hf_file", of("HF_HOME", home.toString()).token());
    assertEquals("hf_env", of("HF_HOME", home.toString(), "HF_TOKEN", " hf_env ").token());
    assertNull(of("HF_HOME", home.toString(), "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1").token());
    Path other = Files.writeString(root.resolve("other"), "hf_other");
    assertEquals("hf_other", of("HF_HOME", home.toString(), "HF_TOKEN_PATH", other.toString()).token());
    assertNull(of("HF_HOME", home.toString(), "HONE_HUB", "modelscope").token(), "it is another hub's");
    HubException e = assertThrows(HubException.class, () -> of("HF_TOKEN", "hf_a\nX-Evil: 1"));
    assertTrue(e.getMessage().startsWith("HF_TOKEN: not a token"), e.getMessage());
    assertFalse(e.getMessage().contains("hf_a"));
  }

  @ParameterizedTest
  @CsvSource({"1, true", "ON, true", "yes, true", "True, true", "0, false", "off, false", "'', false"})
  void offlineIsSaidAsForPython(String value, boolean offline) throws HubException {
    assertEquals(offline, of("HF_HUB_OFFLINE", value).offline());
    assertEquals(offline, of("TRANSFORMERS_OFFLINE", value).offline());
    assertEquals(!offline, of("HF_HUB_DISABLE_SYMLINKS", value).links());
  }

  @Test
  void theHubIsTheOneThatIsNamed() throws HubException {
    assertEquals(URI.create("https://huggingface.co"), of().endpoint());
    assertEquals(URI.create("http://mirror.example.org:8080/hf"),
        of("HF_ENDPOINT", "http://mirror.example.org:8080/hf//").endpoint());
    assertEquals(URI.create("https://www.modelscope.cn"), of("HONE_HUB", "modelscope").endpoint());
    assertEquals(Duration.ofSeconds(10), of().timeout());
    assertEquals(Duration.ofSeconds(30), of("HF_HUB_DOWNLOAD_TIMEOUT", "30").timeout());
    for (String[] wrong : List.of(new String[] {"HF_ENDPOINT", "mirror"}, new String[] {"HF_ENDPOINT", "ftp://x"},
        new String[] {"HONE_HUB", "other"}, new String[] {"HF_HUB_DOWNLOAD_TIMEOUT", "0"},
        new String[] {"HTTPS_PROXY", "socks5://p:1"})) {
      assertTrue(assertThrows(HubException.class, () -> of(wrong)).getMessage().startsWith(wrong[0] + " "), wrong[0]);
    }
  }

  private static String proxy(HubSettings settings, String address) {
    Proxy proxy = settings.proxies().select(URI.create(address)).getFirst();
    return proxy == Proxy.NO_PROXY ? "none" : ((InetSocketAddress) proxy.address()).getHostString() + ":"
        + ((InetSocketAddress) proxy.address()).getPort();
  }

  @Test
  void proxiesAreThoseOfTheEnvironment() throws HubException {
    HubSettings settings = of("HTTPS_PROXY", "http://up:3128", "http_proxy", "plain:80", "NO_PROXY",
        "localhost, .corp.example,10.0.0.1:8080");
    assertEquals("up:3128", proxy(settings, "https://huggingface.co/x"));
    assertEquals("plain:80", proxy(settings, "http://huggingface.co/x"));
    for (String without : List.of("https://localhost:9/", "https://a.corp.example/", "https://corp.example/",
        "http://10.0.0.1:8080/")) {
      assertEquals("none", proxy(settings, without), without);
    }
    assertEquals("up:3128", proxy(settings, "https://notcorp.example/"));
    assertEquals("plain:80", proxy(settings, "http://10.0.0.1:8081/"));
    assertEquals("none", proxy(of("ALL_PROXY", "http://p:1", "no_proxy", "*"), "https://huggingface.co/"));
    assertEquals("p:1", proxy(of("ALL_PROXY", "http://p:1"), "https://huggingface.co/"));
  }

  @Test
  void requestsGoThroughAProxyThatWantsAPassword() throws IOException {
    try (FakeServer proxy = new FakeServer() {
      @Override
      Reply answer(Request request) {
        String login = "Basic " + Base64.getEncoder().encodeToString("me:p@ss".getBytes(StandardCharsets.UTF_8));
        return request.header("proxy-authorization").equals(login) ? Reply.of(200, "through")
            : Reply.of(407, "", "Proxy-Authenticate", "Basic realm=\"x\"");
      }
    }) {
      HubSettings settings = of("HTTP_PROXY", proxy.address().replace("http://", "http://me:p%40ss@"), "HF_ENDPOINT",
          "http://hub.invalid");
      try (HubHttp http = new HubHttp(settings)) {
        assertEquals("through", new String(http.get(URI.create("http://hub.invalid/x")).body(), StandardCharsets.UTF_8));
      }
      assertFalse(settings.toString().contains("p%40ss"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b", "Qwen/Qwen3-0.6B", "a_b/c.d", "org/name@v1", "org/name@refs/pr/1", "org/0"})
  void namesOfTheHubAreKnownByTheirForm(String text) {
    assertTrue(RepoId.hasForm(text));
    assertEquals(text, RepoId.parse(RepoId.Kind.MODEL, text).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a/b/c", "/a/b", "./b", "../b", "a/..", "a--b/c", "a/b.git", "a/", "/b", "a b/c", "a/b\\c", "-a/b",
      "maven:g/a", ""})
  void pathsAreNoNames(String text) {
    assertFalse(RepoId.hasForm(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b@", "a/b@../x", "a/b@x/../y", "a/b@x y", "a/b@-/", "a/b@x?y"})
  void revisionsThatCouldReachElsewhereAreRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> RepoId.parse(RepoId.Kind.MODEL, text));
  }
}
