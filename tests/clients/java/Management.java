import com.aliyuncs.AcsRequest;
import com.aliyuncs.AcsResponse;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;

/**
 * The vendor's older Java SDK, driven by lines: Management HOST:PORT KEY SECRET.
 *
 * <p>First a line of the operations it has; then, for each line {"operation", "params"}, one line {"body"}, {"code", "message"}
 * or {"unknown"}. Requests are the SDK's own classes and are filled through their setters.
 */
public final class Management {
  private static final String MODELS = "com.aliyuncs.cloudapi.model.v20160714.";
  private static final Gson WIRE =
      new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.UPPER_CAMEL_CASE).create();

  public static void main(String[] arguments) throws Exception {
    DefaultAcsClient client =
        new DefaultAcsClient(DefaultProfile.getProfile("cn-hangzhou", arguments[1], arguments[2]));
    PrintStream out = new PrintStream(System.out, true, "UTF-8");
    JsonObject first = new JsonObject();
    first.add("operations", operations());
    out.println(first);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      out.println(call(client, arguments[0], JsonParser.parseString(line).getAsJsonObject()));
    }
  }

  private static JsonArray operations() throws Exception {
    JsonArray found = new JsonArray();
    Class<?> model = Class.forName(MODELS + "CreateApiGroupRequest");
    String jar = model.getProtectionDomain().getCodeSource().getLocation().getPath();
    String folder = MODELS.replace('.', '/');
    try (JarFile file = new JarFile(jar)) {
      file.stream()
          .map(entry -> entry.getName())
          .filter(name -> name.startsWith(folder) && name.endsWith("Request.class"))
          .forEach(name -> found.add(name.substring(folder.length(), name.length() - 13)));
    }
    return found;
  }

  private static JsonObject call(DefaultAcsClient client, String endpoint, JsonObject asked)
      throws Exception {
    Class<?> kind = Class.forName(MODELS + asked.get("operation").getAsString() + "Request");
    AcsRequest<?> request = (AcsRequest<?>) kind.getDeclaredConstructor().newInstance();
    JsonObject said = new JsonObject();
    JsonArray unknown = new JsonArray();
    fill(request, asked.getAsJsonObject("params"), unknown);
    if (unknown.size() > 0) {
      said.add("unknown", unknown);
      return said;
    }
    request.setSysEndpoint(endpoint);
    request.setSysProtocol(ProtocolType.HTTP);
    try {
      AcsResponse response = client.getAcsResponse(request);
      said.add("body", WIRE.toJsonTree(response));
    } catch (ClientException error) {
      said.addProperty("code", error.getErrCode());
      said.addProperty("message", error.getErrMsg());
    }
    return said;
  }

  private static void fill(Object target, JsonObject params, JsonArray unknown) throws Exception {
    for (Map.Entry<String, JsonElement> entry : params.entrySet()) {
      Method setter = setter(target.getClass(), entry.getKey(), entry.getValue());
      if (setter == null) {
        unknown.add(entry.getKey());
      } else {
        setter.invoke(
            target, value(setter.getGenericParameterTypes()[0], entry.getValue(), unknown));
      }
    }
  }

  /** A list's setter is named in the plural and one begins with a b; a text may also be set as an object. */
  private static Method setter(Class<?> kind, String name, JsonElement given) {
    for (Method method : kind.getMethods()) {
      String called = method.getName();
      boolean named = List.of("set" + name, "set" + name + "s", "setb" + name).contains(called);
      if (named && method.getParameterCount() == 1) {
        Class<?> type = method.getParameterTypes()[0];
        boolean isPlain = type.getName().startsWith("java.lang.");
        if (given.isJsonArray() ? type == List.class : isPlain == given.isJsonPrimitive()) {
          return method;
        }
      }
    }
    return null;
  }

  private static Object value(Type type, JsonElement given, JsonArray unknown) throws Exception {
    if (type instanceof ParameterizedType) {
      Type inner = ((ParameterizedType) type).getActualTypeArguments()[0];
      List<Object> rows = new ArrayList<>();
      for (JsonElement row : given.getAsJsonArray()) {
        rows.add(value(inner, row, unknown));
      }
      return rows;
    }
    if (given.isJsonObject()) {
      Object item = ((Class<?>) type).getDeclaredConstructor().newInstance();
      fill(item, given.getAsJsonObject(), unknown);
      return item;
    }
    return WIRE.fromJson(given, type);
  }
}
