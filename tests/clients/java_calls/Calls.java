import com.alibaba.cloudapi.sdk.client.ApacheHttpClient;
import com.alibaba.cloudapi.sdk.client.WebSocketApiClient;
import com.alibaba.cloudapi.sdk.enums.HttpMethod;
import com.alibaba.cloudapi.sdk.enums.ParamPosition;
import com.alibaba.cloudapi.sdk.enums.Scheme;
import com.alibaba.cloudapi.sdk.enums.WebSocketApiType;
import com.alibaba.cloudapi.sdk.model.ApiCallback;
import com.alibaba.cloudapi.sdk.model.ApiRequest;
import com.alibaba.cloudapi.sdk.model.ApiResponse;
import com.alibaba.cloudapi.sdk.model.ApiWebSocketListner;
import com.alibaba.cloudapi.sdk.model.HttpClientBuilderParams;
import com.alibaba.cloudapi.sdk.model.WebSocketClientBuilderParams;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;

/**
 * The vendor's Java SDK for calls, driven by lines: Calls DOMAIN PORT KEY SECRET.
 *
 * <p>A line {"over", "method", "path", "in": {"QUERY": {…}, …}, "body", "role"} is one call, over "http" or "websocket"; each
 * answer is a line {"status", "body", "headers"} or {"failed"}, each notice a line {"notice"}.
 */
public final class Calls {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static PrintStream out;

  private static final class Http extends ApacheHttpClient {}

  private static final class Socket extends WebSocketApiClient {
    void open(WebSocketClientBuilderParams params) {
      init(params);
    }

    void send(ApiRequest request, ApiCallback callback) {
      sendAsyncRequest(request, callback);
    }
  }

  public static void main(String[] arguments) throws Exception {
    out = new PrintStream(System.out, true, "UTF-8");
    Http http = new Http();
    HttpClientBuilderParams params = new HttpClientBuilderParams();
    params.setAppKey(arguments[2]);
    params.setAppSecret(arguments[3]);
    params.setScheme(Scheme.HTTP);
    params.setHost(arguments[0] + ":" + arguments[1]);
    http.init(params);
    Socket socket = null;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode call = JSON.readTree(line);
      ApiRequest request = request(call);
      if (call.get("over").asText().equals("http")) {
        http.sendAsyncRequest(request, printer());
        continue;
      }
      if (socket == null) {
        socket = open(arguments);
      }
      socket.send(request, printer());
    }
    System.exit(0);
  }

  private static Socket open(String[] arguments) {
    WebSocketClientBuilderParams params = new WebSocketClientBuilderParams();
    params.setAppKey(arguments[2]);
    params.setAppSecret(arguments[3]);
    params.setHost(arguments[0]);
    params.setApiWebSocketListner(
        new ApiWebSocketListner() {
          @Override
          public void onNotify(String message) {
            print("notice", message);
          }

          @Override
          public void onFailure(Throwable error, ApiResponse response) {
            print("failed", String.valueOf(error));
          }
        });
    Socket socket = new Socket();
    socket.open(params);
    return socket;
  }

  private static ApiRequest request(JsonNode call) {
    byte[] body = call.has("body") ? call.get("body").asText().getBytes(StandardCharsets.UTF_8) : null;
    HttpMethod method = HttpMethod.valueOf(call.get("method").asText());
    String path = call.get("path").asText();
    ApiRequest request = body == null ? new ApiRequest(method, path) : new ApiRequest(method, path, body);
    for (Iterator<Map.Entry<String, JsonNode>> places = call.path("in").fields(); places.hasNext(); ) {
      Map.Entry<String, JsonNode> place = places.next();
      for (Iterator<Map.Entry<String, JsonNode>> all = place.getValue().fields(); all.hasNext(); ) {
        Map.Entry<String, JsonNode> one = all.next();
        request.addParam(one.getKey(), one.getValue().asText(), ParamPosition.valueOf(place.getKey()), true);
      }
    }
    if (call.has("role")) {
      request.setWebSocketApiType(WebSocketApiType.valueOf(call.get("role").asText()));
    }
    return request;
  }

  private static ApiCallback printer() {
    return new ApiCallback() {
      @Override
      public void onFailure(ApiRequest request, Exception error) {
        print("failed", String.valueOf(error));
      }

      @Override
      public void onResponse(ApiRequest request, ApiResponse response) {
        ObjectNode line = JSON.createObjectNode();
        line.put("status", response.getCode());
        byte[] body = response.getBody();
        line.put("body", body == null ? "" : new String(body, StandardCharsets.UTF_8));
        line.set("headers", JSON.valueToTree(response.getHeaders()));
        write(line);
      }
    };
  }

  private static void print(String name, String text) {
    write(JSON.createObjectNode().put(name, text));
  }

  private static void write(ObjectNode line) {
    synchronized (out) {
      out.println(line);
    }
  }
}
