package dev.hone.train.source.hub;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a server answered.
 *
 * @param status of HTTP
 * @param address which answered, after redirects
 * @param body empty if it went elsewhere
 */
record Answer(int status, HttpHeaders headers, URI address, byte[] body) {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  boolean isGood() {
    return status / 100 == 2;
  }

  String header(String name) {
    Optional<String> value = headers.firstValue(name);
    return value.map(String::strip).orElse("");
  }

  /** The body as JSON. */
  JsonNode json() throws HubException {
    try {
      return JSON.readTree(body);
    } catch (JacksonException e) {
      throw new HubException(place() + " answered with something that is not JSON: "
          + new String(body, 0, Math.min(body.length, 80), StandardCharsets.UTF_8), e);
    }
  }

  /** Host and path: the query may be a signature, which does not belong into messages. */
  String place() {
    return place(address);
  }

  static String place(URI address) {
    return address.getHost() + (address.getPort() < 0 ? "" : ":" + address.getPort()) + address.getPath();
  }
}
