// The vendor's older Go SDK, driven by lines: management HOST:PORT KEY SECRET.
//
// First a line of the operations it has; then, for each line {"operation", "params"}, one line {"body"}, {"code", "message"}
// or {"unknown"}. Requests are the SDK's own types; they are found by the methods of its client.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cloudapi"
)

type call struct {
	Operation string         `json:"operation"`
	Params    map[string]any `json:"params"`
}

func main() {
	endpoint := os.Args[1]
	client, err := cloudapi.NewClientWithAccessKey("cn-hangzhou", os.Args[2], os.Args[3])
	if err != nil {
		panic(err)
	}
	answer := json.NewEncoder(os.Stdout)
	must(answer.Encode(map[string]any{"operations": operations(client)}))
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked call
		must(json.Unmarshal(line, &asked))
		must(answer.Encode(send(client, endpoint, asked)))
	}
}

// operations are the client's methods of one request that answer a response and an error.
func operations(client *cloudapi.Client) []string {
	found, kind := []string{}, reflect.TypeOf(client)
	for i := 0; i < kind.NumMethod(); i++ {
		method := kind.Method(i)
		name := strings.TrimSuffix(method.Name, "WithCallback")
		if name != method.Name {
			found = append(found, name)
		}
	}
	return found
}

func send(client *cloudapi.Client, endpoint string, asked call) map[string]any {
	method := reflect.ValueOf(client).MethodByName(asked.Operation)
	request := reflect.New(method.Type().In(0).Elem())
	rpc := &requests.RpcRequest{}
	request.Elem().FieldByName("RpcRequest").Set(reflect.ValueOf(rpc))
	// As the SDK's constructor of this request does it.
	rpc.InitWithApiInfo("CloudAPI", "2016-07-14", asked.Operation, "apigateway", "openAPI")
	rpc.Method = requests.POST
	rpc.Domain, rpc.Scheme = endpoint, "http"
	if unknown := fill(request.Elem(), asked.Params); len(unknown) > 0 {
		return map[string]any{"unknown": unknown}
	}
	results := method.Call([]reflect.Value{request})
	if failed, ok := results[1].Interface().(error); ok && failed != nil {
		server, ok := failed.(errors.Error)
		if !ok {
			panic(failed)
		}
		return map[string]any{"code": server.ErrorCode(), "message": server.Message()}
	}
	return map[string]any{"body": results[0].Interface()}
}

// fill puts each parameter into the field that has its name on the wire, and tells those that have none.
func fill(target reflect.Value, params map[string]any) []string {
	fields := map[string]reflect.Value{}
	for i := 0; i < target.NumField(); i++ {
		if name := target.Type().Field(i).Tag.Get("name"); name != "" {
			fields[name] = target.Field(i)
		}
	}
	unknown := []string{}
	for name, value := range params {
		field, known := fields[name]
		if !known {
			unknown = append(unknown, name)
			continue
		}
		unknown = append(unknown, put(field, value)...)
	}
	return unknown
}

func put(field reflect.Value, value any) []string {
	rows, listed := value.([]any)
	if !listed || field.Kind() != reflect.Pointer {
		field.SetString(text(value))
		return nil
	}
	list, unknown := reflect.MakeSlice(field.Type().Elem(), len(rows), len(rows)), []string{}
	for i, row := range rows {
		if members, isObject := row.(map[string]any); isObject {
			unknown = append(unknown, fill(list.Index(i), members)...)
		} else {
			list.Index(i).SetString(text(row))
		}
	}
	field.Set(reflect.New(field.Type().Elem()))
	field.Elem().Set(list)
	return unknown
}

func text(value any) string {
	if number, ok := value.(float64); ok {
		return fmt.Sprintf("%.0f", number)
	}
	return fmt.Sprint(value)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
